"""Tables of a grid, as Markdown and as CSV."""

import csv
import io
import math
from collections.abc import Mapping

from ..results import markdown_table

METRICS = ('mIoU', 'mAcc', 'aAcc', 'psnr', 'ssim')
NAN = math.nan


def value_of(cell, metric: str) -> float:
    """A number of a cell: a metric, or the IoU of a class."""
    if metric in METRICS:
        value = getattr(cell, metric)
    elif metric in cell.IoU:
        value = cell.IoU[metric]
    else:
        raise ValueError(
            f'metric={metric!r}; allowed: {", ".join(METRICS)}, or a class for its IoU: '
            f'{", ".join(cell.IoU)}'
        )
    return NAN if value is None else float(value)


def mean_of(values) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else NAN


def rows_of(grid, model: str, metric: str) -> tuple[list, dict[str, list[float]]]:
    """Degrees that occur, and for each kind the values over them (NaN where there is none)."""
    series = grid.series(model)
    degrees = sorted(
        {cell.degree for row in series.values() for cell in row if cell.degree is not None}
    )
    if any(cell.degree is None for row in series.values() for cell in row):
        degrees.append(None)
    rows = {}
    for kind, cells in series.items():
        plain = [cell for cell in cells if cell.degree is not None]
        at = {cell.degree: value_of(cell, metric) for cell in plain}
        at[None] = NAN
        if plain:
            rows[kind] = [at.get(degree, NAN) for degree in degrees]
        for cell in cells:  # free parameters: a row each, by the cell's name
            if cell.degree is None:
                value = value_of(cell, metric)
                rows[cell.cell] = [NAN] * (len(degrees) - 1) + [value]
    return degrees, rows


def table(grid, metric: str = 'mIoU') -> str:
    """Markdown: kinds × degrees for each model, then a table of the models.

    Raises:
        ValueError: Unknown metric.
    """
    parts = []
    for model in grid.names:
        degrees, rows = rows_of(grid, model, metric)
        header = (metric, *('–' if degree is None else str(degree) for degree in degrees), 'mean')
        clean = value_of(grid.cell('clean', model=model), metric)
        lines = [['clean', *[NAN] * len(degrees), clean]]
        lines += [[kind, *row, mean_of(row)] for kind, row in rows.items()]
        parts.append(f'{model}\n\n{markdown_table(header, lines)}')
    if grid.robustness:
        parts.append(summary(grid.robustness, grid))
    return '\n\n'.join(parts)


def summary(robustness: Mapping[str, dict], grid) -> str:
    """Markdown: one line for each model; CD and rCD of each kind if there is a reference."""
    parts = []
    referred = grid.reference is not None
    header = ('model', 'clean mIoU', 'mPC', 'rPC %')
    if referred:
        header += ('mCD %', 'mrCD %')
    lines = []
    for name, one in robustness.items():
        line = [name, grid.cell('clean', model=name).mIoU, one['mPC'], one['rPC']]
        if referred:
            line += [_known(one['mCD']), _known(one['mrCD'])]
        lines.append([line[0], *map(_known, line[1:])])
    parts.append(markdown_table(header, lines))
    if referred:
        kinds = list(next(iter(robustness.values()))['CD'])
        for measure in ('CD', 'rCD'):
            lines = [
                [kind, *(_known(robustness[name][measure][kind]) for name in robustness)]
                for kind in kinds
            ]
            parts.append(markdown_table((f'{measure}, % of {grid.reference}', *robustness), lines))
    return '\n\n'.join(parts)


def _known(value) -> float:
    return NAN if value is None else float(value)


def csv_text(grid) -> str:
    """CSV: one line for each model and cell; ``IoU <class>`` at the end; empty for no number."""
    classes = grid.dataset['classes']
    names = ('model', 'cell', 'preset', 'kind', 'degree', 'images', *METRICS)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow([*names, *(f'IoU {name}' for name in classes)])
    for cell in grid.cells:
        values = [getattr(cell, name) for name in names] + [cell.IoU[name] for name in classes]
        writer.writerow([_csv_value(value) for value in values])
    return text.getvalue()


def _csv_value(value):
    if isinstance(value, float):
        return f'{value:.4f}' if math.isfinite(value) else ''
    return '' if value is None else value
