"""`degrade` an image by name, and `resolve_params` to check a request before there is an image."""

import numpy as np

from .degradation import Degradation
from .images import check_image
from .kinds import get_kind
from .presets import get_series
from .rng import as_generator


def resolve_params(
    kind: str, degree: int | None = None, preset: str | None = None, **params
) -> dict:
    """Check a request without an image and fill in what is published or default.

    Args:
        kind: a name in `KINDS`, or one of ``preset``.
        degree: 1 (weak) to 5 (strong), for the published parameters; or None.
        preset: a name in `PRESETS`, whose names and degrees are then meant.
        **params: replace single parameters of the degree, or stand alone.

    Returns:
        Every parameter of the kind with a checked value; giving it back to `degrade` does the
        same. What an image or a draw decides stays open (``angle='random'``, ``clip=None``).

    Raises:
        ValueError: unknown kind or parameter (with the closest name), degree outside the published
            ones, value out of range, depth for a kind that uses none, or neither degree nor
            parameters.
        TypeError: a value or degree of the wrong type.
    """
    return _resolve(kind, degree, preset, params)[1]


def _resolve(kind, degree, preset, params) -> tuple[Degradation, dict]:
    if preset is None:
        entry = get_kind(kind)
        return entry, entry.resolve(degree, **params)
    series = get_series(kind, preset)
    published = series.fixed if degree is None else series.params(degree)
    entry = get_kind(series.kind)
    return entry, entry.resolve(**{**published, **params})


def degrade(
    img: np.ndarray,
    kind: str,
    degree: int | None = None,
    rng=None,
    return_params: bool = False,
    preset: str | None = None,
    **params,
):
    """Degrade one image.

    Args:
        img: (H, W) or (H, W, C), uint8 on 0–255 or float32/float64 on [0, 1]; any channel order.
            Never modified.
        kind: a name in `KINDS`, or one of ``preset``.
        degree: 1 (weak) to 5 (strong), for the published parameters.
        rng: `numpy.random.Generator` (advanced by the draws), int seed, or None for unpredictable
            numbers. Deterministic kinds ignore it.
        return_params: also return what was done.
        preset: a name in `PRESETS`, whose names and degrees are then meant.
        **params: parameters of the kind. Degree, parameters or both must be given; parameters
            replace those of the degree.

    Returns:
        A new array of the shape and dtype of ``img`` (`gaussian_noise` says when float32 comes
        back for uint8); or ``(array, params)``, where ``params`` is JSON-serialisable and holds
        the numbers used: drawn angles, default kernel sizes. A depth map is recorded as
        ``'given'``; None stands for the ramp.

    Raises:
        TypeError, ValueError: as `resolve_params`, `check_image` and `as_generator`.
    """
    entry, img, rng, values = _settle(img, kind, degree, rng, preset, params)
    extra = {'rng': rng} if entry.needs_rng else {}
    out = entry.function(img, **values, **extra)
    return (out, _record(values)) if return_params else out


def settle_params(
    img: np.ndarray,
    kind: str,
    degree: int | None = None,
    rng=None,
    preset: str | None = None,
    **params,
) -> dict:
    """What `degrade` would record as used, without degrading: drawn angles, default sizes.

    Arguments and errors are those of `degrade`. Arrays (a depth map) stay what they are.
    """
    return _settle(img, kind, degree, rng, preset, params)[-1]


def _settle(img, kind, degree, rng, preset, params) -> tuple:
    """The kind, the image and the generator as functions want them, and the settled parameters."""
    entry, values = _resolve(kind, degree, preset, params)
    img, rng = check_image(img), as_generator(rng)
    return entry, img, rng, values if entry.settle is None else entry.settle(values, img, rng)


def _record(values: dict) -> dict:
    """Without arrays, so that it can be written as JSON."""
    return {
        name: 'given' if isinstance(value, np.ndarray) else value for name, value in values.items()
    }
