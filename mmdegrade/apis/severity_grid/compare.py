"""Stored grids beside each other: as a table, and as one grid to make a report of."""

import dataclasses
from collections.abc import Mapping

from ..results import markdown_table
from .result import SeverityGrid
from .tables import mean_of, value_of


def merge(grids: Mapping[str, SeverityGrid], reference: str | None = None) -> SeverityGrid:
    """The models of several grids as one grid, without pictures.

    Args:
        grids: Results by what to call them; a model is called ``label: name`` then.
        reference: Name of the model, so called, whom CD and rCD refer to.

    Raises:
        ValueError: The images or classes differ, or no such reference.
    """
    labels = list(grids)
    first = grids[labels[0]]
    models, cells = [], []
    for label, grid in grids.items():
        if grid.dataset['fingerprint'] != first.dataset['fingerprint']:
            raise ValueError(
                f'{label} was tested on other images ({grid.dataset["images"]} of '
                f'{grid.dataset["type"]}) than {labels[0]} ({first.dataset["images"]} of '
                f'{first.dataset["type"]}): there is a table of them, but no common page'
            )
        models += [dict(model, name=_title(grids, label, model['name'])) for model in grid.models]
        for cell in grid.cells:
            cells.append(dataclasses.replace(cell, model=_title(grids, label, cell.model)))
    merged = SeverityGrid(
        models,
        first.dataset,
        cells,
        settings=_common(grid.settings for grid in grids.values()),
        versions=_common(grid.versions for grid in grids.values()),
    )
    merged.compute_robustness(reference)
    return merged


def _title(grids: Mapping, label: str, model: str) -> str:
    return f'{label}: {model}' if len(grids) > 1 else model


def _common(found) -> dict[str, str]:
    """Values by key; where grids differ, all of them."""
    values: dict[str, list[str]] = {}
    for one in found:
        for key, value in one.items():
            values.setdefault(key, []).append(str(value))
    return {key: ' / '.join(dict.fromkeys(texts)) for key, texts in values.items()}


def compare(grids: Mapping[str, SeverityGrid], metric: str = 'mIoU') -> str:
    """Markdown: cells that all have, one column for each model; of two, the difference too.

    Args:
        grids: Results by what to call them.
        metric: mIoU, mAcc, aAcc, psnr, ssim, or a class for its IoU.

    Raises:
        ValueError: No cell in common, or unknown metric.
    """
    columns = {}
    for label, grid in grids.items():
        for model in grid.names:
            columns[_title(grids, label, model)] = {cell.cell: cell for cell in grid.of(model)}
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
