"""Heat maps: for each model a table of kinds × degrees, coloured by mIoU, with its numbers.

Colours are those of viridis (Smith and van der Walt, 2015; CC0): even steps of lightness, which
colour-blind readers and grey prints keep. Numbers are black or white, whichever has more contrast;
that is never less than 4.5, WCAG's demand on small text.
"""

import math

from .curves import value_ticks
from .markup import NOTHING, Html, exact, is_number, note, number, scroll_box, section, signed, tag
from .marks import named
from .rows import Layout, column_title

# viridis at 0, 1/9, … 1; between them colours are mixed.
VIRIDIS = (
    (68, 1, 84),
    (72, 40, 120),
    (62, 74, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (110, 206, 88),
    (181, 222, 43),
    (253, 231, 37),
)


def scale_colour(share: float) -> tuple[int, int, int]:
    """RGB of a share in [0, 1]; what lies outside gets the end's."""
    at = min(1.0, max(0.0, share)) * (len(VIRIDIS) - 1)
    low = min(int(at), len(VIRIDIS) - 2)
    part = at - low
    return tuple(
        round(a + (b - a) * part) for a, b in zip(VIRIDIS[low], VIRIDIS[low + 1], strict=True)
    )


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance of an sRGB colour, WCAG 2.2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_colour(colour: tuple[int, int, int]) -> str:
    """Black or white, whichever reads better on a colour."""
    light = luminance(colour)
    return '#fff' if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else '#000'


def _style(share: float) -> str:
    colour = scale_colour(share)
    return f'background:#{bytes(colour).hex()};color:{text_colour(colour)}'


def heat_maps(layout: Layout) -> Html | None:
    """All models' maps on one scale; None without degraded cells."""
    if not layout.rows:
        return None
    known = [cell.mIoU for cell in layout.grid.cells if is_number(cell.mIoU)]
    top = value_ticks(max(known, default=100))[-1]
    maps = [_map(layout, place, name, top) for place, name in enumerate(layout.grid.names)]
    explained = 'mIoU of each kind and degree; small: the gap to clean images.'
    if None in layout.columns():
        explained += ' Own: parameters chosen freely instead of a published degree.'
    return section(
        'maps', 'Heat maps', note(explained), _scale(top), tag('div', maps, class_='maps')
    )


def _scale(top: float) -> Html:
    stops = ','.join(f'#{bytes(colour).hex()}' for colour in VIRIDIS)
    bar = tag('i', style=f'background:linear-gradient(90deg,{stops})')
    ends = (tag('span', '0'), bar, tag('span', f'{top:g} mIoU'))
    return tag('div', ends, class_='scale', role='img', aria_label=f'Colours: 0 to {top:g} mIoU')


def _map(layout: Layout, place: int, name: str, top: float) -> Html:
    columns, clean = layout.columns(), layout.clean(name)
    head = [tag('th', 'kind', scope='col')]
    head += [tag('th', column_title(column), scope='col') for column in columns]
    head.append(tag('th', 'mean', scope='col'))
    lines = []
    for label, cells in layout.lines():
        line = [tag('th', label, scope='row')]
        values = []
        for column in columns:
            cell = cells.get(column)
            missing = cell is None or layout.get(name, cell) is None
            value = math.nan if missing else layout.value(name, cell)
            values.append(value)
            line.append(_cell(layout, cell, missing, value, clean, top))
        known = [value for value in values if is_number(value)]
        mean = sum(known) / len(known) if known else math.nan
        line.append(tag('td', number(mean), class_='mean', data_v=exact(mean)))
        lines.append(tag('tr', line))
    caption = tag(
        'caption',
        named(place, name),
        tag('span', f'clean {number(clean)}', class_='clean', style=_clean_style(clean, top)),
    )
    table = tag('table', caption, tag('thead', tag('tr', head)), tag('tbody', lines), class_='heat')
    return scroll_box(table, f'Heat map of {name}')


def _clean_style(clean: float, top: float) -> str | None:
    return _style(clean / top) if is_number(clean) else None


def _cell(layout, cell, missing: bool, value: float, clean: float, top: float) -> Html:
    if missing:
        return tag('td', tag('span', 'not measured', class_='hidden'), class_='missing')
    gap = value - clean
    title = f'{layout.title(cell)}: {number(value, 2)}, {signed(gap, 2)} to clean'
    if not is_number(value):
        return tag('td', NOTHING, title=title, data_cell=cell, data_v='')
    return tag(
        'td',
        number(value),
        tag('small', signed(gap)),
        style=_style(value / top),
        title=title,
        data_cell=cell,
        data_v=exact(value),
    )
