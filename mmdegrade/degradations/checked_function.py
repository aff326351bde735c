"""A function with a name and declared, checked parameters: a degradation, a restoration method."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from .parameters import suggest


@dataclass(frozen=True)
class CheckedFunction:
    """What `Degradation` and `mmdegrade.restoration.Method` share.

    Args:
        name: what a config writes.
        function: ``function(img, <parameters>[, rng])``; default values are read from it.
        parameters: parameter name -> checker (`mmdegrade.degradations.parameters`), all of them.

    Raises:
        ValueError: function and parameters do not fit together.
    """

    name: str
    function: Callable
    parameters: Mapping
    #: What callers give beside the parameters, and may misspell.
    beside: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self):
        expected = [p for p in inspect.signature(self.function).parameters if p != 'rng'][1:]
        if sorted(expected) != sorted(self.parameters):
            raise ValueError(
                f'{self.name}: {self.function.__name__} takes {expected}, but the parameters '
                f'declared are {list(self.parameters)}'
            )

    @cached_property
    def defaults(self) -> dict:
        """Parameters that need not be given, with their values."""
        signature = inspect.signature(self.function).parameters
        return {
            name: signature[name].default
            for name in self.parameters
            if signature[name].default is not inspect.Parameter.empty
        }

    def _unknown(self, name: str) -> str:
        hint = suggest(name, (*self.parameters, *self.beside))
        return (
            f'{self.name} has no parameter {name!r}.{hint} '
            f'Parameters are: {", ".join(self.parameters)}'
        )

    def _missing(self, missing: list[str], given: Mapping) -> str:
        shown = f'got only {", ".join(given)}' if given else 'got none'
        return f'{self.name} needs {", ".join(missing)} ({shown})'

    def _checked(self, given: Mapping, published: Mapping) -> dict:
        """Every parameter with a checked value: defaults, then published, then given ones."""
        values = {**self.defaults, **published, **given}
        missing = [name for name in self.parameters if name not in values]
        if missing:
            raise ValueError(self._missing(missing, given))
        try:
            return {
                name: checker.check(name, values[name]) for name, checker in self.parameters.items()
            }
        except (TypeError, ValueError) as error:
            raise type(error)(f'{self.name}: {error}') from None

    def _refuse_unknown(self, given: Mapping) -> None:
        for name in given:
            if name not in self.parameters:
                raise ValueError(self._unknown(name))
