"""The kinds of degradation, one registration each. `KINDS` maps name to `Degradation`.

To add a kind: write its function and the dict of its parameters in the file of its family, then
register it here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from . import blur, noise, weather
from .degradation import Degradation, steps
from .parameters import suggest

_DGN = 'DGN (Guo et al., TIP 2020)'

_kinds: dict[str, Degradation] = {}
# A live, read-only view.
KINDS: Mapping[str, Degradation] = MappingProxyType(_kinds)


def register(degradation: Degradation) -> None:
    """Add a kind, from this package or from a user's own.

    Raises:
        ValueError: the name is taken.
    """
    if degradation.name in _kinds:
        raise ValueError(f'a degradation named {degradation.name!r} is registered already')
    _kinds[degradation.name] = degradation


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


register(
    Degradation(
        'gblur',
        blur.gaussian_blur,
        blur.GAUSSIAN_BLUR,
        steps('sigma', 1, 2, 3, 4, 5),
        source=_DGN,
        settle=blur.settle_gaussian_blur,
    )
)
register(
    Degradation(
        'mblur',
        blur.motion_blur,
        blur.MOTION_BLUR,
        steps('length', 5, 10, 15, 20, 25),
        source=_DGN,
        settle=blur.settle_motion_blur,
    )
)
register(
    Degradation(
        'saltpepper',
        noise.salt_and_pepper,
        noise.SALT_AND_PEPPER,
        steps('amount', 0.02, 0.04, 0.06, 0.08, 0.10),
        source=_DGN,
    )
)
register(
    Degradation(
        'haze',
        weather.haze,
        weather.HAZE,
        steps('beta', 1.5, 2.0, 2.5, 3.0, 3.5),
        source=_DGN,
    )
)
register(
    Degradation(
        'awgn',
        noise.gaussian_noise,
        noise.GAUSSIAN_NOISE,
        # SDABN publishes 10, 25, 30, 50: four levels and uneven. Even steps over the same range;
        # `sigma=25` gives the one left out.
        steps('sigma', 10, 20, 30, 40, 50),
        source='even steps over the range of SDABN (10, 25, 30, 50)',
        settle=noise.settle_gaussian_noise,
    )
)
