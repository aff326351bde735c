"""What a method of restoration is: a function, its parameters, what it undoes."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mmdegrade.degradations.parameters import suggest


@dataclass(frozen=True)
class Method:
    """One method of restoration.

    Args:
        name: what a config writes.
        function: ``function(img, <parameters>)``, usable by itself; default values are read from
            its signature.
        parameters: parameter name -> checker, all of them.
        undoes: kinds of degradation that it is made for.
        source: where it comes from.

    Raises:
        ValueError: function and parameters do not fit together.
    """

    name: str
    function: Callable
    parameters: Mapping
    undoes: tuple[str, ...]
    source: str

    def __post_init__(self):
        expected = list(inspect.signature(self.function).parameters)[1:]
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

    def resolve(self, **params) -> dict:
        """Check what can be checked without an image, and fill in defaults.

        Returns:
            Every parameter of the method; a point spread function as an array.

        Raises:
            TypeError, ValueError: unknown parameter (with the closest name), one that is missing,
                or a value out of range.
        """
        for name in params:
            if name not in self.parameters:
                raise ValueError(
                    f'{self.name} has no parameter {name!r}.{suggest(name, self.parameters)} '
                    f'Parameters are: {", ".join(self.parameters)}'
                )
        values = {**self.defaults, **params}
        missing = [name for name in self.parameters if name not in values]
        if missing:
            given = f'got only {", ".join(params)}' if params else 'got none'
            raise ValueError(f'{self.name} needs {", ".join(missing)} ({given})')
        try:
            return {
                name: checker.check(name, values[name]) for name, checker in self.parameters.items()
            }
        except (TypeError, ValueError) as error:
            raise type(error)(f'{self.name}: {error}') from None
