"""Stored grids beside each other."""

from collections.abc import Mapping

from ..results import markdown_table
from .tables import mean_of, value_of


def compare(grids: Mapping[str, object], metric: str = 'mIoU') -> str:
    """Markdown: cells that all have, one column for each model; of two, the difference too.

    Args:
        grids (Mapping[str, SeverityGrid]): Results by what to call them.
        metric: mIoU, mAcc, aAcc, psnr, ssim, or a class for its IoU.

    Raises:
        ValueError: No cell in common, or unknown metric.
    """
    columns = {}
    for label, grid in grids.items():
        for model in grid.names:
            title = f'{label}: {model}' if len(grids) > 1 else model
            columns[title] = {cell.cell: cell for cell in grid.of(model)}
    first, *rest = columns.values()
    common = [name for name in first if all(name in other for other in rest)]
    if not common:
        listed = '; '.join(f'{title} has {", ".join(cells)}' for title, cells in columns.items())
        raise ValueError(f'no cell in common: {listed}')
    header, rows = [metric, *columns], []
    for name in common:
        rows.append([name, *(value_of(cells[name], metric) for cells in columns.values())])
    if len(common) > 1:
        rows.append(['mean', *(mean_of(column) for column in list(zip(*rows, strict=True))[1:])])
    if len(columns) == 2:
        header.append('difference')
        rows = [[*row, f'{row[2] - row[1]:+.2f}'] for row in rows]
    notes = []
    left_out = {name for cells in columns.values() for name in cells} - set(common)
    if left_out:
        notes.append(f'Not in all of them: {", ".join(sorted(left_out))}.')
    if len({grid.dataset['fingerprint'] for grid in grids.values()}) > 1:
        notes.append('The images are not the same: the numbers do not compare directly.')
    return '\n\n'.join([markdown_table(header, rows), *notes])
