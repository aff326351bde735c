"""What was tested, and each model summed up."""

import math
from pathlib import PurePath

from ..robustness import robustness
from .marks import colour_class, named
from .markup import Html, note, number, scroll_box, section, tag
from .rows import Layout

HASH_LENGTH = 12


def summaries(grid) -> dict[str, dict]:
    """``grid.robustness``, or the same computed without a reference where it is missing."""
    return {
        name: grid.robustness.get(name) or robustness(*grid.scores(name)).to_dict()
        for name in grid.names
    }


def cards(layout: Layout) -> Html:
    """A card for each model: clean mIoU, mean over the degradations, CD and rCD."""
    grid = layout.grid
    items = [
        _card(layout, place, name, one) for place, (name, one) in enumerate(summaries(grid).items())
    ]
    text = 'mPC: mean mIoU over all kinds and degrees, each kind weighing the same. rPC = mPC / '
    text += 'clean mIoU.'
    if grid.reference is not None:
        text += f' mCD, mrCD: (relative) corruption degradation against {grid.reference}, averaged '
        text += 'over the kinds; 100 % is as robust as that, less is better.'
    return section('summary', 'Summary', tag('ul', items, class_='cards'), note(text))


def _card(layout: Layout, place: int, name: str, one: dict) -> Html:
    clean = layout.clean(name)
    facts = [('mPC', number(one['mPC']), ''), ('rPC', number(one['rPC']), ' %')]
    if layout.grid.reference is not None:
        facts += [('mCD', number(one['mCD']), ' %'), ('mrCD', number(one['mrCD']), ' %')]
    kept = one['rPC']
    share = 0 if kept is None or math.isnan(kept) else min(100, max(0, kept))
    return tag(
        'li',
        tag('h3', named(place, name)),
        tag('p', tag('strong', number(clean)), ' mIoU, clean images', class_='big'),
        tag(
            'div',
            tag('i', style=f'width:{share:.1f}%'),
            class_=f'meter {colour_class(place)}',
            aria_hidden='true',
        ),
        tag(
            'dl',
            [tag('div', tag('dt', key), tag('dd', text, unit)) for key, text, unit in facts],
        ),
        _weakest(layout, name),
        class_='card',
    )


def _weakest(layout: Layout, name: str) -> Html | None:
    """The kind under which a model does worst, on average over the degrees."""
    means = {}
    for row in layout.rows:
        values = [layout.value(name, cell) for cell in row.cells.values()]
        values = [value for value in values if not math.isnan(value)]
        if values:
            means[row.label] = sum(values) / len(values)
    if len(means) < 2:
        return None
    kind = min(means, key=means.get)
    return tag('p', 'weakest under ', tag('b', kind), f', on average {number(means[kind])}')


def facts(layout: Layout) -> Html:
    """Data set, degradations, settings and versions, and where each model comes from."""
    grid, dataset = layout.grid, layout.grid.dataset
    seeds = sorted({cell.seed for cell in grid.cells})
    presets = [str(preset) for preset in layout.presets if preset]
    lines = [
        ('Data set', dataset.get('type')),
        ('Images', dataset.get('images')),
        ('Classes', len(dataset['classes'])),
        ('Found in', dataset.get('data_root')),
        ('Fingerprint', dataset.get('fingerprint')),
        ('Degradations', f'{len(layout.rows)} kinds, {len(layout.names())} cells'),
        ('Preset', ', '.join(presets)),
        ('Random seed', ', '.join(map(str, seeds))),
        ('Settings', ', '.join(f'{key} {value}' for key, value in grid.settings.items())),
        ('Versions', ', '.join(f'{key} {value}' for key, value in grid.versions.items())),
        ('Schema', grid.schema),
    ]
    shown = [
        tag('div', tag('dt', key), tag('dd', value))
        for key, value in lines
        if value not in (None, '')
    ]
    header = tag('tr', [tag('th', title, scope='col') for title in _MODEL_COLUMNS])
    models = [_model_line(place, model) for place, model in enumerate(grid.models)]
    table = tag('table', tag('thead', header), tag('tbody', models), class_='plain')
    return section(
        'tested',
        'What was tested',
        scroll_box(table, 'Models'),
        tag('dl', shown, class_='facts'),
    )


_MODEL_COLUMNS = ('model', 'config', 'checkpoint', 'SHA-256 of the checkpoint')


def _model_line(place: int, model: dict) -> Html:
    digest = model.get('sha256') or ''
    cells = [tag('th', named(place, model['name']), scope='row')]
    for key in ('config', 'checkpoint'):
        path = str(model.get(key) or '–')
        cells.append(tag('td', PurePath(path).name or path, title=path))
    code = tag('code', digest[:HASH_LENGTH] or '–', title=digest or None)
    return tag('tr', cells, tag('td', code))
