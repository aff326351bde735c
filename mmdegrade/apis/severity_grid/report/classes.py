"""IoU of each class: a table for one cell at a time, and all numbers of all cells.

Without a script the first table shows the cell with the largest gap; the script fills it from the
tables of all numbers, which are written out in full.
"""

import math

from .marks import named
from .markup import (
    Html,
    breakable,
    exact,
    note,
    number,
    scroll_box,
    section,
    signed,
    tag,
    value_cell,
)
from .rows import Layout


def hardest_cell(layout: Layout) -> str | None:
    """The degraded cell of lowest mIoU, averaged over the models that have it."""
    means = {}
    for name in layout.names():
        values = [layout.value(model, name) for model in layout.grid.names]
        values = [value for value in values if not math.isnan(value)]
        if values:
            means[name] = sum(values) / len(values)
    names = layout.names()
    return min(means, key=means.get) if means else (names[0] if names else None)


def class_table(layout: Layout) -> Html:
    """Classes × models: IoU clean, in the chosen cell, and the gap."""
    grid, chosen = layout.grid, hardest_cell(layout)
    names, classes = grid.names, grid.dataset['classes']
    groups, heads = [tag('th', 'class', scope='col', rowspan=2, data_col=0)], []
    for place, name in enumerate(names):
        width = 3 if chosen else 1
        groups.append(tag('th', named(place, name), scope='colgroup', colspan=width))
        first = 1 + width * place
        heads.append(tag('th', 'clean', scope='col', data_col=first, class_='group'))
        if chosen:
            title = layout.title(chosen)
            heads.append(tag('th', title, scope='col', data_col=first + 1, data_chosen=True))
            heads.append(tag('th', 'gap', scope='col', data_col=first + 2))
    lines = [_class_line(layout, place, label, chosen) for place, label in enumerate(classes)]
    table = tag(
        'table',
        tag('caption', 'IoU of each class, percent', class_='hidden'),
        tag('thead', tag('tr', groups), tag('tr', heads)),
        tag('tbody', lines),
        class_='classes sortable',
        id='classes-table',
    )
    return section(
        'classes',
        'Classes',
        _select(layout, chosen) if chosen else None,
        note(_explain(layout, chosen)),
        scroll_box(table, 'IoU of each class'),
        [_all_numbers(layout, place, name) for place, name in enumerate(names)],
    )


def _explain(layout: Layout, chosen: str | None) -> Html:
    if chosen is None:
        return Html('IoU in percent.')
    tail = tag('span', layout.title(chosen), data_chosen=True)
    return tag('span', 'IoU in percent, on clean images and under ', tail, '.')


def _select(layout: Layout, chosen: str) -> Html:
    groups = []
    for row in layout.rows:
        options = [
            tag('option', f'{row.label} {at}', value=cell, selected=cell == chosen)
            for at, cell in row.cells.items()
        ]
        groups.append(tag('optgroup', options, label=row.label))
    label = tag('label', 'Degradation ', tag('select', groups, id='cell', autocomplete='off'))
    return tag('p', label, class_='control js-only')


def _class_line(layout: Layout, place: int, label: str, chosen: str | None) -> Html:
    line = [tag('th', breakable(label), scope='row')]
    for name in layout.grid.names:
        clean = iou(layout, name, 'clean', label)
        line.append(_bar(clean, 'group'))
        if chosen:
            value = iou(layout, name, chosen, label)
            gap = value - clean
            line.append(_bar(value, None))
            line.append(tag('td', signed(gap), data_v=exact(gap)))
    return tag('tr', line, data_class=place)


def _bar(value: float, class_: str | None) -> Html:
    """A number with a bar behind it."""
    share = 0 if math.isnan(value) else value
    names = f'bar {class_}' if class_ else 'bar'
    return tag('td', number(value), class_=names, style=f'--v:{share:.1f}', data_v=exact(value))


def iou(layout: Layout, model: str, cell: str, label: str) -> float:
    """IoU of a class, NaN if there is none."""
    found = layout.get(model, cell)
    value = None if found is None else found.IoU.get(label)
    return math.nan if value is None else value


def _all_numbers(layout: Layout, place: int, name: str) -> Html:
    """Every number of a model: a line for each cell."""
    classes = layout.grid.dataset['classes']
    header = ('cell', 'mIoU', 'mAcc', 'aAcc', *classes, 'worst image')
    head = [tag('th', title, scope='col', data_col=column) for column, title in enumerate(header)]
    lines = []
    for cell_name in ['clean', *layout.names()]:
        cell = layout.get(name, cell_name)
        if cell is None:
            continue
        values = [cell.mIoU, cell.mAcc, cell.aAcc]
        values += [iou(layout, name, cell_name, label) for label in classes]
        worst = cell.worst or {}
        where = f'{worst["image"]} ({number(worst.get("mIoU"))})' if 'image' in worst else '–'
        lines.append(
            tag(
                'tr',
                tag('th', breakable(layout.title(cell_name)), scope='row'),
                [value_cell(value, 2) for value in values],
                tag('td', where, class_='text'),
                data_cell=cell_name,
            )
        )
    caption = tag('caption', 'mIoU, accuracy and IoU of each class, percent', class_='hidden')
    table = tag(
        'table',
        caption,
        tag('thead', tag('tr', head)),
        tag('tbody', lines),
        class_='all sortable',
        data_model=place,
    )
    summary = tag('summary', 'All numbers of ', named(place, name))
    return tag('details', summary, scroll_box(table, f'All numbers of {name}'), class_='listing')
