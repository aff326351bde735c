"""Parameter kinds of restoration, beside those of `mmdegrade.degradations.parameters`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmdegrade.degradations.parameters import Integer

from .point_spread import blur_kernel


@dataclass(frozen=True)
class OddSize(Integer):
    """An odd whole number in ``[low, high]``: the side of a square with a middle pixel."""

    def __str__(self) -> str:
        return f'an odd integer {self.low} to {self.high}' + (f' {self.unit}' if self.unit else '')

    def check(self, name: str, value) -> int:
        """Return an int; raise TypeError or ValueError naming ``name``."""
        number = Integer.check(self, name, value)
        if number % 2 == 0:
            raise ValueError(f'{name} must be {self}, got {value!r}')
        return number


@dataclass(frozen=True)
class PointSpread:
    """A point spread function: an array of weights, or the blur whose kernel is meant."""

    doc: str = ''

    def __str__(self) -> str:
        return (
            'an array of weights with odd sides, 0 or more, or a blur, '
            "such as dict(kind='gblur', sigma=3)"
        )

    def check(self, name: str, value) -> np.ndarray:
        """Return the weights: (rows, columns) float64, both odd, sum 1.

        Raises:
            TypeError: not numbers; among them ``'known'``, which only ``Restore`` can look up.
            ValueError: not 2-D, an even side, weights below 0 or not finite, or all of them 0; a
                blur that is none or lacks parameters.
        """
        if isinstance(value, Mapping):
            try:
                return blur_kernel(**value)
            except (TypeError, ValueError) as error:
                raise type(error)(f'{name}={dict(value)}: {error}') from None
        if isinstance(value, str) or value is None:
            hint = "; 'known' needs the Restore transform" if value == 'known' else ''
            raise TypeError(f'{name} must be {self}, got {value!r}{hint}')
        try:
            weights = np.array(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise TypeError(f'{name} must be {self}, got {value!r:.60}') from None
        if weights.ndim != 2 or not all(side % 2 for side in weights.shape):
            raise ValueError(f'{name} must be {self}, got shape {weights.shape}')
        total = weights.sum()
        if not (weights.min() >= 0 and 0 < total < np.inf):  # written so that NaN fails too
            raise ValueError(f'{name} must be {self}, got values that are not, or only zeros')
        return weights / total
