"""Parameter kinds: each knows its range and unit, and checks a value without an image.

A degradation's parameters are declared once, beside its function, and checked by the same objects
whether the function is called directly, through `degrade`, or by a transform being built.
Every checked number comes back as a plain ``float`` or ``int``, so that records are JSON.
"""

import difflib
import math
import numbers
import operator
from dataclasses import dataclass

import numpy as np


def suggest(name, allowed) -> str:
    """``" Did you mean 'gblur'?"``, or nothing when no allowed name is close."""
    close = difflib.get_close_matches(str(name).lower(), list(allowed), n=1)
    return f' Did you mean {close[0]!r}?' if close else ''


def is_integer(value, least: int) -> bool:
    """Whether it is an int from ``least`` on; a bool, which Python counts as one, is not."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


@dataclass(frozen=True)
class Real:
    """A finite number in ``[low, high]``; ``words`` are strings that are allowed as well."""

    low: float
    high: float = math.inf
    unit: str = ''
    doc: str = ''
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        upper = f'to {self.high:g}' if math.isfinite(self.high) else 'or more'
        lower = f'{self.low:g} ' if math.isfinite(self.low) else ''
        number = f'a number {lower}{upper}' if lower or math.isfinite(self.high) else 'a number'
        return ' or '.join(
            [number + (f' {self.unit}' if self.unit else ''), *map(repr, self.words)]
        )

    def check(self, name: str, value) -> float | str:
        """Return a float (or one of ``words``); raise TypeError or ValueError naming ``name``."""
        if isinstance(value, str) and value in self.words:
            return value
        if isinstance(value, str) and self.words:
            hint = suggest(value, self.words)
            raise ValueError(f'{name} must be {self}, got {value!r}.{hint}')
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
            raise TypeError(f'{name} must be {self}, got {value!r} ({type(value).__name__})')
        number = float(value)
        if not math.isfinite(number) or not self.low <= number <= self.high:
            raise ValueError(f'{name} must be {self}, got {value!r}')
        return number


@dataclass(frozen=True)
class OddInteger:
    """A positive odd integer, or None for what the function works out itself."""

    unit: str = ''
    doc: str = ''

    def __str__(self) -> str:
        return f'a positive odd integer ({self.unit}) or None'

    def check(self, name: str, value) -> int | None:
        """Return an int or None; raise TypeError or ValueError naming ``name``."""
        if value is None:
            return None
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
            raise TypeError(f'{name} must be {self}, got {value!r} ({type(value).__name__})')
        number = operator.index(value)
        if number < 1 or number % 2 == 0:
            raise ValueError(f'{name} must be {self}, got {value!r}')
        return number


@dataclass(frozen=True)
class Integer:
    """A whole number in ``[low, high]``."""

    low: int
    high: int
    unit: str = ''
    doc: str = ''

    def __str__(self) -> str:
        return f'an integer {self.low} to {self.high}' + (f' {self.unit}' if self.unit else '')

    def check(self, name: str, value) -> int:
        """Return an int; raise TypeError or ValueError naming ``name``."""
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
            raise TypeError(f'{name} must be {self}, got {value!r} ({type(value).__name__})')
        number = operator.index(value)
        if not self.low <= number <= self.high:
            raise ValueError(f'{name} must be {self}, got {value!r}')
        return number


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    doc: str = ''

    def __str__(self) -> str:
        return ' or '.join(map(repr, self.words))

    def check(self, name: str, value) -> str:
        """Return the word; raise TypeError or ValueError naming ``name``."""
        if not isinstance(value, str):
            raise TypeError(f'{name} must be {self}, got {value!r} ({type(value).__name__})')
        if value not in self.words:
            raise ValueError(f'{name} must be {self}, got {value!r}.{suggest(value, self.words)}')
        return value


@dataclass(frozen=True)
class Flag:
    """True, False, or None for what the function works out itself."""

    doc: str = ''

    def __str__(self) -> str:
        return 'True, False or None'

    def check(self, name: str, value) -> bool | None:
        """Return a bool or None; raise TypeError naming ``name``."""
        if value is None:
            return None
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f'{name} must be {self}, got {value!r} ({type(value).__name__})')
        return bool(value)


def _check_depth(name: str, checker, value) -> np.ndarray:
    """What both kinds of depth have in common: a 2-D float array."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f'{name} must be {checker}, got {value!r:.60} ({type(value).__name__})')
    if value.dtype.kind != 'f':
        raise TypeError(f'{name} must be {checker}, got {value.dtype}{checker.hint}')
    if value.ndim != 2 or value.size == 0:
        raise ValueError(f'{name} must be {checker}, got shape {value.shape}')
    return value


@dataclass(frozen=True)
class RelativeDepth:
    """A float array (H, W) on [0, 1], 0 nearest, or None for what the function works out itself."""

    doc: str = ''
    hint = ': turn metres into relative depth with relative_depth()'

    def __str__(self) -> str:
        return 'a float array (H, W) on [0, 1] or None'

    def check(self, name: str, value) -> np.ndarray | None:
        """Return the array or None; raise TypeError or ValueError naming ``name``."""
        if value is None:
            return None
        value = _check_depth(name, self, value)
        low, high = float(value.min()), float(value.max())
        if not (low >= 0 and high <= 1):  # written so that NaN fails too
            raise ValueError(f'{name} must be {self}, got values in [{low:g}, {high:g}]{self.hint}')
        return value


@dataclass(frozen=True)
class MetricDepth:
    """A float array (H, W) of metres, infinite for the sky, or None for the function's stand-in."""

    doc: str = ''
    hint = ': convert it to float metres'

    def __str__(self) -> str:
        return 'a float array (H, W) in metres, 0 or more (infinite: sky), or None'

    def check(self, name: str, value) -> np.ndarray | None:
        """Return the array or None; raise TypeError or ValueError naming ``name``."""
        if value is None:
            return None
        value = _check_depth(name, self, value)
        low = float(value.min())
        if not low >= 0:  # written so that NaN fails too
            raise ValueError(
                f'{name} must be {self}, got {"NaN" if low != low else f"values down to {low:g}"}: '
                'fill holes first (fill_depth_holes)'
            )
        return value


@dataclass(frozen=True)
class Colour:
    """A number on [0, 1] for all channels, or a list of one for each, or None for a default."""

    doc: str = ''

    def __str__(self) -> str:
        return 'a number 0 to 1, a list of one number for each channel, or None'

    def check(self, name: str, value) -> float | list[float] | None:
        """Return a float, a list of floats or None; raise TypeError or ValueError naming it."""
        if value is None:
            return None
        if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 1 and len(value):
            return [Real(0, 1).check(f'{name}[{i}]', v) for i, v in enumerate(value)]
        try:
            return Real(0, 1).check(name, value)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f'{name} must be {self}, got {value!r} ({type(value).__name__})'
            ) from None


@dataclass(frozen=True)
class OptionalInteger(Integer):
    """A whole number in ``[low, high]``, or None for a step that is left out."""

    def __str__(self) -> str:
        return f'{Integer.__str__(self)} or None'

    def check(self, name: str, value) -> int | None:
        """Return an int or None; raise TypeError or ValueError naming ``name``."""
        return None if value is None else Integer.check(self, name, value)
