"""What a kind of degradation is: a function, its parameters and five published degrees."""

import inspect
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .parameters import MetricDepth, RelativeDepth, suggest

N_DEGREES = 5


def steps(name: str, *values) -> tuple[dict, ...]:
    """Degrees that differ in one parameter: ``steps('sigma', 1, 2, 3, 4, 5)``."""
    return tuple({name: value} for value in values)


@dataclass(frozen=True)
class Degradation:
    """One kind of degradation.

    Args:
        name: what a config writes.
        function: ``function(img, <parameters>[, rng])``, usable by itself. Whether it needs random
            numbers, and its parameters' default values, are read from its signature.
        parameters: parameter name -> checker (`mmdegrade.degradations.parameters`), all of them.
        degrees: five mappings, from weak to strong, of published parameter values.
        source: where the degrees come from.
        settle: ``settle(params, img, rng) -> params`` turns what is left to chance or to the image
            (a random angle, a default kernel size) into the number that will be used, so that it
            can be recorded. May change and return ``params`` itself. None: nothing is left open.

    Raises:
        ValueError: the parts do not fit together (found when the kind is registered).
    """

    name: str
    function: Callable
    parameters: Mapping
    degrees: tuple[Mapping, ...]
    source: str
    settle: Callable | None = None

    def __post_init__(self):
        expected = [p for p in inspect.signature(self.function).parameters if p != 'rng'][1:]
        if sorted(expected) != sorted(self.parameters):
            raise ValueError(
                f'{self.name}: {self.function.__name__} takes {expected}, but the parameters '
                f'declared are {list(self.parameters)}'
            )
        if len(self.degrees) != N_DEGREES:
            raise ValueError(f'{self.name}: {N_DEGREES} degrees needed, got {len(self.degrees)}')
        for degree in range(1, N_DEGREES + 1):
            self.resolve(degree)

    @cached_property
    def needs_rng(self) -> bool:
        """Whether the function takes random numbers."""
        return 'rng' in inspect.signature(self.function).parameters

    @cached_property
    def uses_depth(self) -> bool:
        """Whether the function takes a depth map."""
        return 'depth' in self.parameters

    @cached_property
    def depth_unit(self) -> str | None:
        """What the depth map is measured in: 'relative' ([0, 1]), 'metres', or None if unused."""
        checker = self.parameters.get('depth')
        if isinstance(checker, MetricDepth):
            return 'metres'
        return 'relative' if isinstance(checker, RelativeDepth) else None

    @cached_property
    def defaults(self) -> dict:
        """Parameters that need not be given, with their values."""
        signature = inspect.signature(self.function).parameters
        return {
            name: signature[name].default
            for name in self.parameters
            if signature[name].default is not inspect.Parameter.empty
        }

    def resolve(self, degree: int | None = None, **params) -> dict:
        """Check everything that can be checked without an image; see `resolve_params`."""
        for name in params:
            if name not in self.parameters:
                raise ValueError(self._unknown(name))
        values = {**self.defaults, **self._published(degree), **params}
        missing = [name for name in self.parameters if name not in values]
        if missing:
            raise ValueError(
                f'{self.name} needs degree (1-{N_DEGREES}) or {", ".join(missing)}'
                + (f' (got only {", ".join(params)})' if params else ' (got neither)')
            )
        try:
            return {
                name: checker.check(name, values[name]) for name, checker in self.parameters.items()
            }
        except (TypeError, ValueError) as error:
            raise type(error)(f'{self.name}: {error}') from None

    def _published(self, degree) -> Mapping:
        if degree is None:
            return {}
        if isinstance(degree, (bool, np.bool_)) or not isinstance(degree, numbers.Integral):
            raise TypeError(
                f'{self.name}: degree must be an integer 1-{N_DEGREES}, got {degree!r} '
                f'({type(degree).__name__})'
            )
        if not 1 <= degree <= N_DEGREES:
            raise ValueError(
                f'{self.name}: degree must be 1-{N_DEGREES} (weak to strong), got {degree}'
            )
        return self.degrees[int(degree) - 1]

    def _unknown(self, name: str) -> str:
        if name == 'depth':
            return f'{self.name} does not use depth; parameters are: {", ".join(self.parameters)}'
        return (
            f'{self.name} has no parameter {name!r}.{suggest(name, self.parameters)} '
            f'Parameters are: {", ".join(self.parameters)}'
        )
