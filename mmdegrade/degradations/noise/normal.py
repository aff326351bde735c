"""Standard normal numbers in float32, twice as fast as NumPy's, for noise that varies by pixel.

A number is a whole number of steps of 1/128, drawn by the exact law of the rounded normal
distribution (`IntegerNoise`), plus a uniform part of a step. So every step has its exact
probability out to 9 standard deviations, and the density within a step is constant: no value of
the cumulative distribution is off by more than 2e-6, the standard deviation by 5e-6. To see that
takes more than 10^10 numbers.
"""

import functools

import numpy as np

from .integer_noise import IntegerNoise, random_words, rounded_normal

_STEPS = 128  # a unit
_BLOCK = 1 << 16  # fits the processor's cache together with the table


@functools.cache
def _law() -> tuple[IntegerNoise, np.ndarray]:
    """The law of the steps, and its table in units with the lower end of each step."""
    law = IntegerNoise(*rounded_normal(_STEPS, 9 * _STEPS))
    return law, _lower_end(law.table)


def _lower_end(steps: np.ndarray) -> np.ndarray:
    return (steps.astype(np.float32) - np.float32(0.5)) * np.float32(1 / _STEPS)


def standard_normal(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return (size,) float32, independent N(0, 1)."""
    law, table = _law()
    out = np.empty(size, np.float32)
    part = np.empty(min(size, _BLOCK), np.float32)
    for start in range(0, size, _BLOCK):
        block = out[start : start + _BLOCK]
        words = random_words(2 * block.size, rng)
        # 'clip' writes straight to out; no word lies outside the table.
        table.take(words[: block.size], out=block, mode='clip')
        again = np.flatnonzero(block < -100)  # the mark for it is far below any number
        if again.size:
            block[again] = _lower_end(law.redraw(again.size, rng))
        fraction = part[: block.size]
        np.multiply(words[block.size :], np.float32(2**-16 / _STEPS), out=fraction)
        block += fraction
    return out
