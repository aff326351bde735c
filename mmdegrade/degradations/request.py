"""What a config asks for: a kind with fixed levels, or with levels drawn for each image.

Request('gblur', degree=5)
Request('gblur', degree=[1, 2, 3])                          # one of them, evenly
Request('awgn', params=dict(sigma=dict(low=0, high=75)))    # sigma ~ U(0, 75)
"""

import itertools
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .apply import resolve_params
from .degradation import Degradation
from .kinds import get_kind
from .presets import get_series


def _ends(name: str, value) -> tuple:
    """The ends of a range, or the value itself."""
    if not isinstance(value, Mapping):
        return (value,)
    low, high = value.get('low'), value.get('high')
    numbers_given = all(isinstance(end, numbers.Real) for end in (low, high))
    if set(value) != {'low', 'high'} or not numbers_given or not low <= high:
        raise ValueError(
            f'{name}={dict(value)} is not a range; allowed: dict(low=…, high=…), low up to high'
        )
    return low, high


@dataclass(frozen=True)
class Request:
    """One kind of degradation, its levels fixed or to be drawn; checked when it is made.

    Args:
        kind: a name in `KINDS`, or one of ``preset``.
        degree: published degree; or a list of them, one of which is drawn for each image.
        preset: a name in `PRESETS`.
        params: parameters of the kind. ``dict(low=…, high=…)`` is drawn uniformly for each image.

    Raises:
        TypeError, ValueError: as `resolve_params`, for any degree and either end of any range.
    """

    kind: str
    degree: int | list | tuple | None = None
    preset: str | None = None
    params: Mapping = field(default_factory=dict)

    def __post_init__(self):
        if self._draws_degree and not self.degree:
            raise ValueError(f'{self.kind}: degree=[] leaves nothing to draw from')
        degrees = self.degree if self._draws_degree else (self.degree,)
        ends = [_ends(name, value) for name, value in self.params.items()]
        for degree, *values in itertools.product(degrees, *ends):
            params = dict(zip(self.params, values, strict=True))
            resolve_params(self.kind, degree, self.preset, **params)

    @property
    def _draws_degree(self) -> bool:
        return isinstance(self.degree, (list, tuple))

    @property
    def degradation(self) -> Degradation:
        """The kind meant."""
        return get_kind(get_series(self.kind, self.preset).kind)

    def draw(self, rng: np.random.Generator) -> tuple[int | None, dict]:
        """Degree and parameters for one image; draws nothing where nothing is open."""
        degree = self.degree
        if self._draws_degree:
            degree = degree[rng.integers(len(degree))]
        params = {
            name: float(rng.uniform(*_ends(name, value))) if isinstance(value, Mapping) else value
            for name, value in self.params.items()
        }
        return degree, params
