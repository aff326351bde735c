"""What the degraded images were like: PSNR, SSIM, and the parameters of every cell."""

import math

from .markup import Html, breakable, exact, is_number, join, note, number, scroll_box, section, tag
from .rows import Layout, column_title


def inputs(layout: Layout) -> Html | None:
    """PSNR and SSIM of the degraded images, and the parameters of every cell."""
    if not layout.rows:
        return None
    groups = _models_of_one_quality(layout)
    tables = []
    for names in groups:
        alike = None if len(groups) == 1 else f'As prepared for {", ".join(names)}'
        tables.append(scroll_box(_quality(layout, names, alike), 'PSNR and SSIM of the inputs'))
    has_ssim = any(is_number(cell.ssim) for cell in layout.grid.cells)
    what = 'PSNR of the degraded against the clean image in dB, mean over the images'
    small = '; small: SSIM.'
    if not has_ssim:
        small = join('. SSIM was not measured (', tag('code', '--ssim'), ' does).')
    return section('inputs', 'Inputs', note(what, small), tables, _parameters(layout))


def _models_of_one_quality(layout: Layout) -> list[list[str]]:
    """Models that were shown the same images; a pipeline may prepare them in another way."""
    groups: list[list[str]] = []
    for name in layout.grid.names:
        for group in groups:
            if all(_agree(layout, group[0], name, cell) for cell in layout.names()):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def _agree(layout: Layout, one: str, other: str, cell: str) -> bool:
    pairs = (
        (layout.value(one, cell, metric), layout.value(other, cell, metric))
        for metric in ('psnr', 'ssim')
    )
    return all(math.isnan(a) or math.isnan(b) or abs(a - b) < 1e-6 for a, b in pairs)


def _first(layout: Layout, names, cell: str, metric: str) -> float:
    values = (layout.value(name, cell, metric) for name in names)
    return next((value for value in values if not math.isnan(value)), math.nan)


def _quality(layout: Layout, names, alike: str | None) -> Html:
    columns = layout.columns()
    head = [tag('th', 'kind', scope='col')]
    head += [tag('th', column_title(column), scope='col') for column in columns]
    lines = []
    for label, cells in layout.lines():
        line = [tag('th', breakable(label), scope='row')]
        for column in columns:
            if column not in cells:
                line.append(tag('td', tag('span', 'not measured', class_='hidden')))
                continue
            psnr = _first(layout, names, cells[column], 'psnr')
            ssim = _first(layout, names, cells[column], 'ssim')
            small = tag('small', number(ssim, 3)) if is_number(ssim) else None
            line.append(
                tag('td', number(psnr), small, data_v=exact(psnr), data_ssim=exact(ssim) or None)
            )
        lines.append(tag('tr', line))
    caption = tag('caption', alike or 'PSNR and SSIM', class_=None if alike else 'hidden')
    return tag(
        'table',
        caption,
        tag('thead', tag('tr', head)),
        tag('tbody', lines),
        class_='plain numbers quality',
    )


def _parameters(layout: Layout) -> Html:
    lines = []
    for name in layout.names():
        cell = next(c for c in layout.grid.cells if c.cell == name)
        params = ', '.join(f'{k} = {v}' for k, v in cell.params.items() if v is not None)
        lines.append(
            tag(
                'tr',
                tag('th', breakable(layout.title(name)), scope='row'),
                tag('td', tag('code', name)),
                tag('td', params or '–', class_='text'),
                tag('td', cell.seed),
            )
        )
    titles = ('degradation', 'cell', 'parameters', 'seed')
    head = tag('tr', [tag('th', title, scope='col') for title in titles])
    table = tag('table', tag('thead', head), tag('tbody', lines), class_='plain')
    return tag(
        'details',
        tag('summary', 'Parameters of every degradation'),
        scroll_box(table, 'Parameters'),
    )
