"""`register_degradation`: a degradation of a user's own from a plain function, in one decorator.

A kind of this package is written out (`Degradation`), as its function works on uint8 where that is
faster. A decorated function sees floats only, and what all kinds have to do is done around it.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .degradation import Degradation
from .images import check_image, like
from .kinds import register
from .rng import as_generator


def register_degradation(
    name: str,
    *,
    parameters: Mapping,
    degrees: Mapping[str, Sequence] | Sequence[Mapping],
    source: str = 'own',
    settle: Callable | None = None,
) -> Callable:
    """Register the function below as a kind: for `degrade`, ``Degrade`` and configs.

        @register_degradation(
            'dim', parameters=dict(factor=Real(0, 1)), degrees=dict(factor=[0.9, 0.8, 0.7, 0.6, 0])
        )
        def dim(img, factor):
            return img * factor

    The function gets a float image of its own, (H, W) or (H, W, C) on [0, 1] (noise before it may
    lead outside), and returns one of the same shape. If it has an argument ``rng``, that is a
    `numpy.random.Generator`, from which alone it is to draw: then the same draw gives the same
    pixels on every worker. uint8 images are turned into float32 before and rounded and saturated
    after; float images are not clipped. Parameters are checked in direct calls, too.

    Args:
        name: what a config writes as ``kind``.
        parameters: argument name -> checker of `mmdegrade.degradations.parameters`, for all but
            the image and ``rng``.
        degrees: the values of degrees 1 (weak) to 5 (strong): five for each parameter that they
            set, or five mappings.
        source: where the degrees come from.
        settle: as in `Degradation`.

    Returns:
        A decorator. What it returns is called as ``function(img, <parameters>[, rng])`` on uint8
        and float images.

    Raises:
        ValueError: the name is taken by another function; arguments and parameters differ; other
            than five degrees. When called: the result has another shape.
        TypeError, ValueError: a value of a degree or of a call is not allowed.
    """

    def decorate(function: Callable) -> Callable:
        wrapped = _on_any_image(function, name, parameters)
        register(Degradation(name, wrapped, parameters, _by_degree(name, degrees), source, settle))
        return wrapped

    return decorate


def _by_degree(name: str, degrees) -> tuple[Mapping, ...]:
    """Five mappings, from five values for each parameter."""
    if not isinstance(degrees, Mapping):
        return tuple(degrees)
    counts = {parameter: len(values) for parameter, values in degrees.items()}
    if len(set(counts.values())) != 1:
        raise ValueError(f'{name}: degrees has different numbers of values: {counts}')
    rows = zip(*degrees.values(), strict=True)
    return tuple(dict(zip(degrees, row, strict=True)) for row in rows)


def _on_any_image(function: Callable, name: str, parameters: Mapping) -> Callable:
    """Check and convert around a function of float images."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def degradation(img, *args, **kwargs) -> np.ndarray:
        bound = signature.bind(img, *args, **kwargs)
        bound.apply_defaults()
        _, *others = bound.arguments
        img = check_image(img)
        # A copy: the function may work in place.
        floats = np.float32(1 / 255) * img if img.dtype == np.uint8 else img.copy()
        given = {key: bound.arguments[key] for key in others}
        for key, value in given.items():
            given[key] = as_generator(value) if key == 'rng' else parameters[key].check(key, value)
        out = np.asarray(function(floats, **given))
        if out.shape != img.shape:
            raise ValueError(
                f'{name}: {function.__name__} returned shape {out.shape} for an image of shape '
                f'{img.shape}; allowed: the same shape'
            )
        if img.dtype == np.uint8:
            return like(np.asarray(out * 255.0, np.float32), img, negative=True)
        return out.astype(img.dtype, copy=False)

    return degradation
