"""Severity curves: one small SVG chart for each kind, one line in it for each model.

Without a script every point has its value as ``<title>``; the script (``script.py``) reads
``data-x``, ``data-at`` and ``data-v`` of the points and ``data-name`` of their groups.
"""

import math
from collections.abc import Sequence

from .marks import colour_class, legend, shape
from .markup import Html, breakable, exact, is_number, note, number, section, tag
from .rows import Layout, Row

WIDTH, HEIGHT = 280, 180
LEFT, RIGHT, TOP, BOTTOM = 30, 14, 12, 26
TICKS = 5
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)  # 100 % is the most
LABEL_LENGTH = 9


def value_axis(layout: Layout) -> tuple[list[float], float]:
    """Ticks and upper end of the axis of mIoU, which starts at 0; one for the whole page."""
    known = [cell.mIoU for cell in layout.grid.cells if is_number(cell.mIoU)]
    highest = max([*known, 0.5])
    step = next(step for step in STEPS if highest <= TICKS * step)
    top = math.ceil(highest / step * 4) * step / 4
    return [step * i for i in range(math.floor(top / step) + 1)], top


def curves(layout: Layout) -> Html:
    """The charts, on one value axis."""
    grid = layout.grid
    if not layout.rows:
        return section('curves', 'Severity curves', note('Only clean images were tested.'))
    ticks, top = value_axis(layout)
    panels = [_panel(layout, row, ticks, top) for row in layout.rows]
    return section(
        'curves',
        'Severity curves',
        note(
            'mIoU over the degree of degradation, all charts on one scale. Dashed: the same model '
            'on clean images.',
            tag(
                'span',
                ' Point at a chart, tap it, or move in it with the arrow keys.',
                class_='js-only',
            ),
        ),
        legend(grid.names),
        tag('div', panels, class_='panels'),
    )


def _panel(layout: Layout, row: Row, ticks: Sequence[float], top: float) -> Html:
    places = _places(layout, row)
    names = layout.grid.names
    lines = [_line(layout, row, place, name, places, top) for place, name in enumerate(names)]
    described = f'{row.label}: mIoU by degree. ' + '. '.join(
        f'{name}: clean {number(layout.clean(name))}'
        + ''.join(f'; {at}: {number(layout.value(name, c))}' for at, c in row.cells.items())
        for name in names
    )
    drawing = tag(
        'svg',
        _axes(places, ticks, top),
        tag('line', class_='cursor', y1=TOP, y2=HEIGHT - BOTTOM, x1=0, x2=0),
        lines,
        viewBox=f'0 0 {WIDTH} {HEIGHT}',
        role='img',
        aria_label=described,
    )
    return tag(
        'figure',
        tag('figcaption', breakable(row.label)),
        tag('div', drawing, class_='plot'),
        class_='panel',
    )


def _places(layout: Layout, row: Row) -> dict:
    """Where on the axis each level stands: degrees by their value, others evenly."""
    inner = WIDTH - LEFT - RIGHT
    if row.free or len(layout.degrees) == 1:
        levels = list(row.cells)
        return {at: LEFT + inner * (i + 0.5) / len(levels) for i, at in enumerate(levels)}
    first, last = layout.degrees[0], layout.degrees[-1]
    margin = 10  # between the axis and the first mark
    scale = (inner - 2 * margin) / (last - first)
    return {at: LEFT + margin + (at - first) * scale for at in layout.degrees}


def _height(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top


def _axes(places: dict, ticks: Sequence[float], top: float) -> Html:
    parts = []
    for value in ticks:
        y = _height(value, top)
        parts.append(tag('line', class_='tick', x1=LEFT, x2=WIDTH - RIGHT, y1=_c(y), y2=_c(y)))
        label = f'{value:g}'
        parts.append(tag('text', label, class_='value', x=LEFT - 6, y=_c(y + 3.5)))
    every = math.ceil(len(places) * LABEL_LENGTH * 6 / (WIDTH - LEFT)) if _long(places) else 1
    for place, (level, x) in enumerate(places.items()):
        if place % every == 0:
            label = str(level)
            short = label if len(label) <= LABEL_LENGTH else f'{label[: LABEL_LENGTH - 1]}…'
            parts.append(tag('text', short, class_='level', x=_c(x), y=HEIGHT - 8))
    return tag('g', parts, class_='axes', aria_hidden='true')


def _long(places: dict) -> bool:
    return any(len(str(level)) > 2 for level in places)


def _c(value: float) -> str:
    """A coordinate."""
    return f'{value:.2f}'


def _line(layout: Layout, row: Row, place: int, name: str, places: dict, top: float) -> Html:
    clean = layout.clean(name)
    parts = []
    if is_number(clean):
        y = _c(_height(clean, top))
        parts.append(tag('line', class_='clean', x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
    points, runs = [], [[]]
    for level, cell in row.cells.items():
        if layout.get(name, cell) is None:
            continue  # not measured: the line goes on to the next degree
        value = layout.value(name, cell)
        if not is_number(value):
            runs.append([])  # measured, but no number: a gap
            continue
        x, y = _c(places[level]), _c(_height(value, top))
        runs[-1].append(f'{x},{y}')
        points.append(
            tag(
                'path',
                tag('title', f'{name}, {row.label} {level}: {number(value, 2)}'),
                d=shape(place),
                transform=f'translate({x} {y})',
                data_x=x,
                data_at=level,
                data_v=exact(value),
            )
        )
    drawn = [tag('polyline', points=' '.join(run)) for run in runs if len(run) > 1]
    return tag(
        'g',
        parts,
        drawn,
        points,
        class_=f'line {colour_class(place)}',
        data_name=name,
        data_clean=exact(clean),
    )
