"""Heat maps: for each model a table of kinds × degrees, coloured by mIoU, with its numbers.

The colours go from pale blue over amber to vermilion as mIoU falls (and from navy on dark screens):
lightness falls with it, so colour-blind readers and grey prints keep the order, and one colour of
text reads on all of them. The style sheet mixes them from ``--h``, the share of the scale.
"""

import math

from .curves import value_axis
from .marks import named
from .markup import (
    Html,
    breakable,
    exact,
    is_number,
    note,
    number,
    scroll_box,
    section,
    signed,
    tag,
)
from .rows import Layout, column_title


def heat_maps(layout: Layout) -> Html | None:
    """All models' maps on one scale; None without degraded cells."""
    if not layout.rows:
        return None
    top = value_axis(layout)[1]
    maps = [_map(layout, place, name, top) for place, name in enumerate(layout.grid.names)]
    explained = 'mIoU of each kind and degree; small: the gap to clean images.'
    if None in layout.columns():
        explained += ' Own: parameters chosen freely instead of a published degree.'
    shown = tag('div', maps, class_='maps')
    return section('maps', 'Heat maps', note(explained), _scale(top), shown)


def _scale(top: float) -> Html:
    ends = (tag('span', '0'), tag('i'), tag('span', f'{top:g} mIoU'))
    return tag('div', ends, class_='scale', role='img', aria_label=f'Colours: 0 to {top:g} mIoU')


def _share(value: float, top: float) -> str | None:
    """Where a value lies on the scale of colours, 0 to 100."""
    return f'--h:{100 * min(1.0, max(0.0, value / top)):.1f}' if is_number(value) else None


def _map(layout: Layout, place: int, name: str, top: float) -> Html:
    columns, clean = layout.columns(), layout.clean(name)
    head = [tag('th', 'kind', scope='col')]
    head += [tag('th', column_title(column), scope='col') for column in columns]
    head.append(tag('th', 'mean', scope='col'))
    lines = []
    for label, cells in layout.lines():
        line, values = [tag('th', breakable(label), scope='row')], []
        for column in columns:
            found = layout.get(name, cells.get(column))
            line.append(_cell(layout, found, clean, top))
            if found is not None and is_number(found.mIoU):
                values.append(found.mIoU)
        mean = sum(values) / len(values) if values else math.nan
        line.append(tag('td', number(mean), class_='mean', data_v=exact(mean)))
        lines.append(tag('tr', line))
    level = tag('span', f'clean {number(clean)}', class_='level heated', style=_share(clean, top))
    table = tag(
        'table',
        tag('caption', tag('div', named(place, name), level)),
        tag('thead', tag('tr', head)),
        tag('tbody', lines),
        class_='heat',
    )
    return scroll_box(table, f'Heat map of {name}')


def _cell(layout: Layout, found, clean: float, top: float) -> Html:
    if found is None:
        return tag('td', tag('span', 'not measured', class_='hidden'), class_='missing')
    value = found.mIoU
    gap = value - clean
    title = f'{layout.title(found.cell)}: {number(value, 2)}, {signed(gap, 2)} to clean'
    return tag(
        'td',
        number(value),
        tag('small', signed(gap)) if is_number(gap) else None,
        class_='heated',
        style=_share(value, top),
        title=title,
        data_cell=found.cell,
        data_v=exact(value),
    )
