"""Counts of light: Poisson numbers for every value of an image, read out with Gaussian noise.

NumPy draws 20 to 30 million Poisson numbers a second. An uint8 image has 256 different means at
most, so here each grey level has its law in a table (`IntegerNoise`), exact to the accuracy of
float64. A float image takes the number of the grey level below each value and adds a Poisson
number for the rest of the mean: sums of Poisson numbers are Poisson. So the same ``rng`` gives an
image the same counts in every dtype.

Counts are whole, and so is what is read: round(N + n) = N + round(n) for n ~ N(0, read_noise^2), as
a converter of one electron a step does.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from .integer_noise import IntegerNoise, rounded_normal

# Above this many counts the table gets wide and slow to build: NumPy draws them all.
_TABLE_LIMIT = 4096
# A float value nearer than this to a whole grey level is it: the rounding of float32 on [0, 1].
_WHOLE = 2e-5
_BLOCK = 1 << 16


def draw_counts(
    img: np.ndarray,
    scale: float,
    rng: np.random.Generator,
    curve: Callable = np.asarray,
    read_noise: float = 0.0,
) -> np.ndarray:
    """Counts with means scale * curve(x), plus rounded noise of standard deviation ``read_noise``.

    Args:
        img: uint8, or float with x on [0, 1]; negative values have the mean 0, those above 1 more
            than ``scale``.
        scale: mean count of white.
        rng: where the numbers come from.
        curve: from picture to light, both on [0, 1]; increasing.
        read_noise: counts.

    Returns:
        ``(img.size,)`` int16 or int64; negative ones are possible with ``read_noise``.
    """
    levels = img.reshape(-1)
    if img.dtype != np.uint8:
        levels, between, rest = _split(levels, scale, curve)
    if scale <= _TABLE_LIMIT:
        counts = _law(scale, curve, read_noise).draw(img.size, rng, levels)
    else:
        counts = rng.poisson(_means(scale, curve).take(levels))
        counts += np.rint(read_noise * rng.standard_normal(img.size)).astype(np.int64)
    if img.dtype != np.uint8 and between.size:
        counts = _add_poisson(counts, between, rest, rng)
    return counts


def _means(scale: float, curve: Callable) -> np.ndarray:
    """(256,) float64, the mean count of every grey level."""
    return scale * curve(np.arange(256) / 255)


def _split(x: np.ndarray, scale: float, curve: Callable) -> tuple[np.ndarray, ...]:
    """Split float values into a grey level at or below and a rest.

    Returns:
        - (x.size,) uint8 levels;
        - indices of the values that are no whole level;
        - the mean count that is left for each of these, float64.
    """
    levels = np.empty(x.size, np.uint8)
    between = []
    for start in range(0, x.size, _BLOCK):  # stays in the processor's cache
        grey = x[start : start + _BLOCK] * 255.0
        np.maximum(grey, 0, out=grey)
        whole = np.rint(grey)
        off = (np.abs(grey - whole) >= _WHOLE) | (grey > 255)
        np.copyto(whole, np.floor(grey), where=off)
        levels[start : start + _BLOCK] = np.minimum(whole, 255)
        between.append(start + np.flatnonzero(off))
    between = np.concatenate(between)
    mean = scale * curve(np.maximum(x[between], 0, dtype=np.float64))
    return levels, between, np.maximum(mean - _means(scale, curve)[levels[between]], 0)


def _add_poisson(
    counts: np.ndarray, where: np.ndarray, means: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Add Poisson numbers of the given means to ``counts[where]``; may return another array."""
    top = float(means.max())
    if top < 0.3:
        # Thinning: points fall anywhere at the highest rate, and each stays with the probability
        # of the rate it finds. Costs a step a point, not a number a value.
        points = rng.integers(len(means), size=rng.poisson(top * len(means)))
        points = points[rng.random(len(points)) * top < means.take(points)]
        np.add.at(counts, where.take(points), 1)
        return counts
    more = rng.poisson(means)
    if more.max() > 20000:  # values far above white, beyond int16
        counts = counts.astype(np.int64)
    counts[where] += more.astype(counts.dtype)
    return counts


# One takes 4 to 15 MB: enough for five degrees, not for every peak of a random one.
@functools.lru_cache(maxsize=6)
def _law(scale: float, curve: Callable, read_noise: float) -> IntegerNoise:
    first, probabilities = poisson_laws(_means(scale, curve))
    if read_noise:
        noise, taps = rounded_normal(read_noise, math.ceil(9 * read_noise) + 1)
        first = first + noise[0]
        probabilities = np.array([np.convolve(row, taps) for row in probabilities])
    values = first[:, None] + np.arange(probabilities.shape[1])
    return IntegerNoise(values, probabilities, bits=13)


def poisson_laws(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Poisson probabilities, without what is rarer than 1e-16.

    Args:
        means: (L,) float64, 0 or more.

    Returns:
        - (L,) int64: the first count of each row;
        - (L, K) float64: the probabilities of it and the K - 1 counts that follow.
    """
    reach = 9 * np.sqrt(means) + 30
    first = np.maximum(np.floor(means - reach), 0).astype(np.int64)
    width = int(np.ceil(means + reach - first).max()) + 1
    # p(k) = p(k - 1) * mean / k: in logarithms, up to a factor that the sum to 1 tells.
    counts = first[:, None] + np.arange(1, width)
    with np.errstate(divide='ignore'):
        steps = np.log(means)[:, None] - np.log(counts)
    logs = np.column_stack([np.zeros(len(means)), np.cumsum(steps, axis=1)])
    probabilities = np.exp(logs - logs.max(axis=1, keepdims=True))
    return first, probabilities / probabilities.sum(axis=1, keepdims=True)
