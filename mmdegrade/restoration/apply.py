"""`restore` an image by name, and `resolve_method` to check a request before there is an image."""

from collections.abc import Mapping

import numpy as np

from mmdegrade.degradations.images import check_image

from .methods import get_method
from .point_spread import settled_blur


def resolve_method(method: str, **params) -> dict:
    """Check a request without an image and fill in defaults.

    Returns:
        Every parameter of the method with a checked value; a point spread function as an array.

    Raises:
        ValueError: unknown method or parameter (with the closest name), a parameter missing, a
            value out of range.
        TypeError: a value of the wrong type.
    """
    return get_method(method).resolve(**params)


def restore(img: np.ndarray, method: str, return_params: bool = False, **params):
    """Restore one image.

    Args:
        img: (H, W) or (H, W, C), uint8 on 0-255 or float32/float64 on [0, 1]. Never modified.
        method: a name in `METHODS`.
        return_params: also return what was done.
        **params: parameters of the method.

    Returns:
        A new array of the shape and dtype of ``img``; or ``(array, params)``, where ``params`` is
        JSON-serialisable: a blur given as ``psf`` with all its parameters, an array as ``'given'``.

    Raises:
        TypeError, ValueError: as `resolve_method` and `check_image`.
    """
    values = resolve_method(method, **params)
    out = get_method(method).function(check_image(img), **values)
    return (out, _record(values, params)) if return_params else out


def _record(values: dict, asked: dict) -> dict:
    """Without arrays, so that it can be written as JSON."""
    record = dict(values)
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            blur = isinstance(asked.get(name), Mapping)
            record[name] = settled_blur(**asked[name]) if blur else 'given'
    return record
