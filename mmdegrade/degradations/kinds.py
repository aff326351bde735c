"""The kinds of degradation: `KINDS` maps name to `Degradation`.

To add a kind: write its function, its parameters and its `Degradation` in one file of its family,
and name the file in the family's ``__init__``. From outside this package: the decorator
`register_degradation`, or `register`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from . import blur, digital, noise, weather
from .degradation import Degradation
from .parameters import suggest

_kinds: dict[str, Degradation] = {}
# A live, read-only view.
KINDS: Mapping[str, Degradation] = MappingProxyType(_kinds)


def register(degradation: Degradation) -> None:
    """Add a kind, from this package or from a user's own.

    A function of the same module and name that was defined anew (a notebook's cell that is run
    again, `importlib.reload`) takes the place of the former.

    Raises:
        ValueError: the name is taken.
    """
    before = _kinds.get(degradation.name)
    if before is not None and not _defined_anew(before.function, degradation.function):
        raise ValueError(
            f'a degradation named {degradation.name!r} is registered already, by '
            f'{before.function.__module__}; choose another name'
        )
    _kinds[degradation.name] = degradation


def _defined_anew(before: Callable, now: Callable) -> bool:
    same = (before.__module__, before.__qualname__) == (now.__module__, now.__qualname__)
    return same and before is not now


def get_kind(name: str) -> Degradation:
    """Look a kind up by name.

    Raises:
        ValueError: unknown, naming the closest one and all there are.
    """
    if not isinstance(name, str) or name not in _kinds:
        raise ValueError(
            f'unknown degradation kind {name!r}.{suggest(name, _kinds)} '
            f'Kinds are: {", ".join(_kinds)}'
        )
    return _kinds[name]


for _kind in (*blur.KINDS, *noise.KINDS, *weather.KINDS, *digital.KINDS):
    register(_kind)
