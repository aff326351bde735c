"""CD and rCD of each kind, for each model."""

from .marks import named
from .markup import Html, breakable, note, scroll_box, section, tag, value_cell
from .overview import summaries
from .rows import Layout


def robustness_table(layout: Layout) -> Html:
    """Kinds × models: CD and rCD against the reference; without one, only how to get them."""
    grid = layout.grid
    title = 'Corruption degradation'
    if grid.reference is None:
        hint = tag('code', '--reference MODEL')
        return section(
            'robustness', title, note('No reference model was named (', hint, '): no CD, no rCD.')
        )
    found = summaries(grid)
    kinds = list(dict.fromkeys(kind for one in found.values() for kind in one['CD']))
    lines = [
        tag('tr', tag('th', breakable(kind), scope='row'), _pairs(found, kind), data_kind=kind)
        for kind in kinds
    ]
    foot = tag('tr', tag('th', 'mean', scope='row'), _means(found))
    groups = [tag('th', 'kind', scope='col', rowspan=2, data_col=0)]
    heads = []
    for place, name in enumerate(found):
        groups.append(tag('th', named(place, name), scope='colgroup', colspan=2))
        heads.append(tag('th', 'CD', scope='col', data_col=1 + 2 * place, class_='group'))
        heads.append(tag('th', 'rCD', scope='col', data_col=2 + 2 * place))
    table = tag(
        'table',
        tag('caption', 'CD and rCD of each kind, percent', class_='hidden'),
        tag('thead', tag('tr', groups), tag('tr', heads)),
        tag('tbody', lines),
        tag('tfoot', foot),
        class_='plain numbers sortable',
    )
    explained = (
        'CD: errors (100 − mIoU) summed over the degrees, in percent of those of '
        f'{grid.reference}. rCD: the same of what is lost against clean images; a model that is '
        'bad everywhere has a good rCD, one that is better on degraded than on clean images a '
        'negative one. Less is more robust. After Kamann and Rother, CVPR 2020.'
    )
    return section('robustness', title, note(explained), scroll_box(table, title))


def _pairs(found, kind: str):
    for one in found.values():
        yield value_cell(one['CD'].get(kind), class_='group')
        yield value_cell(one['rCD'].get(kind))


def _means(found):
    for one in found.values():
        yield value_cell(one['mCD'], class_='group')
        yield value_cell(one['mrCD'])
