"""Which class of this package a ``type`` means, and which arguments it takes."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from functools import cache

import mmengine.registry as root_registry
from mmengine.registry import Registry
from torch import nn

PACKAGE = 'mmdegrade'


def registries() -> Iterator[Registry]:
    """All registries: MMEngine's root ones and their children."""
    todo = [one for one in vars(root_registry).values() if isinstance(one, Registry)]
    seen = set()
    while todo:
        one = todo.pop()
        if id(one) not in seen:
            seen.add(id(one))
            todo += one.children.values()
            yield one


def registered() -> dict[str, list[type]]:
    """What every registered name may mean."""
    found: dict[str, list[type]] = {}
    for one in registries():
        for name, item in one.module_dict.items():
            found.setdefault(name, []).append(item)
    return found


def is_ours(item) -> bool:
    """Whether a class or function is defined in this package."""
    return getattr(item, '__module__', '').partition('.')[0] == PACKAGE


def bare(kind) -> str:
    """The name of a ``type`` without scope: ``'mmseg.Degrade'`` and ``Degrade`` → 'Degrade'."""
    return getattr(kind, '__name__', str(kind)).rpartition('.')[2]


def our_class(kind, known: dict[str, list[type]]) -> type | None:
    """The class of ours that a ``type`` means, or None.

    Args:
        kind: A registered name, with or without scope, or the class itself.
        known: What :func:`registered` gives.
    """
    if isinstance(kind, type):
        return kind if is_ours(kind) else None
    meant = [item for item in known.get(bare(kind), ()) if isinstance(item, type)]
    return meant[0] if meant and all(is_ours(item) for item in meant) else None


def near(name: str, allowed, cutoff: float = 0.6) -> str:
    """``"did you mean 'taps'? "``, or nothing."""
    close = difflib.get_close_matches(str(name), list(allowed), n=1, cutoff=cutoff)
    return f'did you mean {close[0]!r}? ' if close else ''


@cache
def accepted(cls: type) -> tuple[tuple[str, ...], bool]:
    """Names of the arguments that a class takes, and whether it takes any others.

    Where ``**kwargs`` are handed on, the arguments of the base classes count as well.
    """
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if base in (nn.Module, object):
            return tuple(names), False
        if '__init__' not in vars(base):
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        more = False
        for parameter in parameters:
            if parameter.kind is parameter.VAR_KEYWORD:
                # **params are what a method or a kind of degradation takes, not a base class.
                if parameter.name == 'params':
                    return tuple(names), True
                more = True
            elif parameter.kind is not parameter.VAR_POSITIONAL:
                names[parameter.name] = None
        if not more:
            return tuple(names), False
    return tuple(names), True
