"""Which cells a grid has: kinds and degrees, chosen by name, by preset, or one by one."""

import numbers
from collections.abc import Sequence

from mmdegrade.datasets.degradation_cells import cell_names
from mmdegrade.degradations import KINDS, PRESETS, Request, get_preset, get_series, resolve_params

CLEAN = dict(kind='clean')


def choose_cells(
    kinds: Sequence[str] | None = None,
    degrees: Sequence[int] | None = None,
    preset: str | None = None,
) -> list[dict]:
    """Cells of a grid, the clean images first.

    Args:
        kinds: Names in ``KINDS``, or of the preset. None: all of the preset but those that it
            holds out (ImageNet-C's extra four).
        degrees: Published degrees; of each kind, those that it has. None: all.
        preset: A name in ``PRESETS``.

    Returns:
        list[dict]: Arguments of ``Degrade``: ``dict(kind='clean')``, then kind by kind.

    Raises:
        ValueError: Neither kinds nor preset; an unknown name; a degree that no kind can have; a
            kind with none of the degrees.
        TypeError: A degree that is no whole number.
    """
    if preset is None and not kinds:
        raise ValueError(
            f'give kinds ({", ".join(KINDS)}) or a preset ({", ".join(PRESETS)}) or both'
        )
    if not kinds:
        chosen = get_preset(preset)
        kinds = [name for name in chosen.series if name not in chosen.held_out]
    for degree in degrees or ():
        if isinstance(degree, bool) or not isinstance(degree, numbers.Integral):
            raise TypeError(f'degrees={list(degrees)} must be whole numbers')
    cells = [dict(CLEAN)]
    extra = {} if preset is None else dict(preset=preset)
    for kind in dict.fromkeys(kinds):
        if kind == 'clean':
            continue
        published = range(1, len(get_series(kind, preset).levels) + 1)
        wanted = [degree for degree in published if not degrees or degree in degrees]
        if not wanted:
            raise ValueError(
                f'{kind}{f" of preset {preset}" if preset else ""} has degrees '
                f'{published[0]}-{published[-1]}, and none of degrees={list(degrees)}: take it out '
                'of the kinds, or add one of its degrees'
            )
        cells += [dict(kind=kind, degree=degree, **extra) for degree in wanted]
    unused = set(degrees or ()) - {cell.get('degree') for cell in cells}
    if unused:
        raise ValueError(f'degrees={sorted(unused)}: no kind chosen has them')
    return cells


def check_cells(cells: Sequence[dict]) -> list[dict]:
    """Cells given one by one, the clean images added where they are missing.

    Raises:
        TypeError, ValueError: No cells, two of one name, or what ``Degrade`` refuses.
    """
    cells = [dict(cell) for cell in cells]
    cell_names(cells)
    for cell in cells:
        resolve_cell(cell)
    return cells if CLEAN in cells else [dict(CLEAN), *cells]


def resolve_cell(cell: dict) -> dict:
    """What a cell means: kind, degree, preset, and every parameter with its value.

    Raises:
        ValueError: A degree or parameter that is drawn for each image: a cell is one level.
        TypeError, ValueError: As ``resolve_params``.
    """
    given = {key: value for key, value in cell.items() if key not in ('seed', 'keep_clean')}
    kind, degree, preset = given.pop('kind'), given.pop('degree', None), given.pop('preset', None)
    for name in ('prob', 'on_device'):
        if name in given:
            raise ValueError(f'cell {cell}: {name} has no place in a grid; take it out')
    if kind == 'clean':
        return dict(kind='clean', degree=None, preset=None, params={})
    request = Request(kind, degree, preset, given)
    if isinstance(degree, (list, tuple)) or any(isinstance(v, dict) for v in given.values()):
        raise ValueError(f'cell {cell} leaves its level to chance; a cell of a grid has one level')
    return dict(
        kind=request.kind,
        degree=degree,
        preset=preset,
        params=resolve_params(kind, degree, preset, **given),
    )
