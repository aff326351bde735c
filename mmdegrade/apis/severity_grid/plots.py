"""Curves and heat map of a grid; matplotlib is imported only here."""

import math

import numpy as np

from .tables import METRICS, rows_of, value_of

COLUMNS = 4


def plot(grid, path=None, metric: str = 'mIoU'):
    """Draw severity curves, one panel for each kind and one line for each model, and heat maps.

    A curve starts at degree 0, the clean images. Below, for each model, kinds × degrees as colours
    with their numbers.

    Args:
        grid (SeverityGrid): What to draw.
        path: Picture to write (``.png``, ``.svg``, ``.pdf``); None writes nothing.
        metric: mIoU, mAcc, aAcc, or a class for its IoU.

    Returns:
        matplotlib.figure.Figure

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: Unknown metric, or there is nothing but clean images.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            'plot() needs matplotlib: `pip install matplotlib`; table() does not'
        ) from error
    kinds = list(dict.fromkeys(kind for name in grid.names for kind in grid.series(name)))
    if not kinds:
        raise ValueError('the grid has clean images only, there is no curve to draw')
    columns = min(COLUMNS, len(kinds))
    curve_rows = math.ceil(len(kinds) / columns)
    heat_inches = 1.2 + 0.32 * (len(kinds) + 1)
    figure = Figure(figsize=(3.1 * columns + 0.6, 2.3 * curve_rows + heat_inches))
    upper, lower = figure.subfigures(2, 1, height_ratios=(2.3 * curve_rows, heat_inches))
    upper.subplots_adjust(bottom=0.14 if curve_rows == 1 else 0.08, hspace=0.5, wspace=0.12)
    panels = upper.subplots(curve_rows, columns, squeeze=False, sharey=True)
    for panel in panels.flat[len(kinds) :]:
        panel.set_visible(False)
    for panel, kind in zip(panels.flat, kinds, strict=False):
        _draw_curves(panel, grid, kind, metric)
    for row in panels:
        row[0].set_ylabel(metric if metric in METRICS else f'IoU {metric}')
    if len(grid.names) > 1:
        panels[0, 0].legend(frameon=False, fontsize=7)
    lower.subplots_adjust(top=0.86, bottom=0.08, left=0.2 if columns > 2 else 0.3, wspace=0.1)
    maps = lower.subplots(1, len(grid.names), squeeze=False, sharey=True)[0]
    for panel, name in zip(maps, grid.names, strict=True):
        _draw_map(panel, grid, name, metric)
    if path is not None:
        figure.savefig(path, dpi=130, bbox_inches='tight')
    return figure


def _draw_curves(panel, grid, kind: str, metric: str) -> None:
    for name in grid.names:
        row = grid.series(name).get(kind, [])
        clean = value_of(grid.cell('clean', model=name), metric)
        # Cells of free parameters have no degree: they follow each other.
        degrees = [cell.degree or place for place, cell in enumerate(row, start=1)]
        values = [value_of(cell, metric) for cell in row]
        panel.plot([0, *degrees], [clean, *values], marker='o', markersize=3, label=name)
        panel.set_xticks([0, *degrees], ['clean', *degrees], fontsize=7)
    panel.set_title(kind, fontsize=9)
    panel.grid(alpha=0.3)


def _draw_map(panel, grid, name: str, metric: str) -> None:
    degrees, rows = rows_of(grid, name, metric)
    clean = value_of(grid.cell('clean', model=name), metric)
    table = np.array([[clean] + [np.nan] * (len(degrees) - 1), *rows.values()], float)
    panel.imshow(table, aspect='auto', cmap='viridis', vmin=0, vmax=max(100.0, np.nanmax(table)))
    for (y, x), value in np.ndenumerate(table):
        if not np.isnan(value):
            colour = 'black' if value > 60 else 'white'
            panel.text(x, y, f'{value:.1f}', ha='center', va='center', fontsize=7, color=colour)
    panel.set_xticks(range(len(degrees)), ['–' if d is None else d for d in degrees], fontsize=7)
    panel.set_yticks(range(len(table)), ['clean', *rows], fontsize=7)
    panel.set_title(name, fontsize=9)
