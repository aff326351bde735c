"""What a kind of degradation is: a function, its parameters and five published degrees."""

import inspect
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from .checked_function import CheckedFunction
from .parameters import MetricDepth, RelativeDepth

N_DEGREES = 5


def steps(name: str, *values) -> tuple[dict, ...]:
    """Degrees that differ in one parameter: ``steps('sigma', 1, 2, 3, 4, 5)``."""
    return tuple({name: value} for value in values)


@dataclass(frozen=True)
class Degradation(CheckedFunction):
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

    beside: ClassVar[tuple[str, ...]] = ('degree', 'preset')

    degrees: tuple[Mapping, ...]
    source: str
    settle: Callable | None = None

    def __post_init__(self):
        super().__post_init__()
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

    def resolve(self, degree: int | None = None, **params) -> dict:
        """Check everything that can be checked without an image; see `resolve_params`."""
        self._refuse_unknown(params)
        return self._checked(params, self._published(degree))

    def _missing(self, missing: list[str], given: Mapping) -> str:
        return f'{self.name} needs degree (1-{N_DEGREES}) or {", ".join(missing)}' + (
            f' (got only {", ".join(given)})' if given else ' (got neither)'
        )

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
        return super()._unknown(name)
