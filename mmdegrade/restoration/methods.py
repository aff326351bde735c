"""The methods of restoration: `METHODS` maps name to `Method`.

To add one: write its function, its parameters and its `Method` in one file, and list it below. From
outside this package: `register`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mmdegrade.degradations.parameters import suggest

from . import (
    blind,
    bm3d,
    colour_attenuation,
    dark_channel_prior,
    median,
    non_local_means,
    richardson_lucy,
    wiener,
)
from .method import Method

_methods: dict[str, Method] = {}
# A live, read-only view.
METHODS: Mapping[str, Method] = MappingProxyType(_methods)


def register(method: Method) -> None:
    """Add a method, from this package or from a user's own.

    Raises:
        ValueError: the name is taken.
    """
    if method.name in _methods:
        raise ValueError(f'a restoration method named {method.name!r} is registered already')
    _methods[method.name] = method


def get_method(name: str) -> Method:
    """Look a method up by name.

    Raises:
        ValueError: unknown, naming the closest one and all there are.
    """
    if not isinstance(name, str) or name not in _methods:
        raise ValueError(
            f'unknown restoration method {name!r}.{suggest(name, _methods)} '
            f'Methods are: {", ".join(_methods)}'
        )
    return _methods[name]


for _module in (
    median,
    wiener,
    richardson_lucy,
    blind,
    dark_channel_prior,
    colour_attenuation,
    non_local_means,
    bm3d,
):
    register(_module.METHOD)
