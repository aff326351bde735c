"""Random whole numbers by table: exact probabilities, several times as fast as rounding draws."""

import math

import cv2
import numpy as np

# Several laws are drawn from in blocks: fresh megabytes for the index cost more than the look-up.
_BLOCK = 1 << 17


class IntegerNoise:
    """Draws whole numbers with given probabilities, exactly and mostly by one table look-up.

    A 16-bit random word can only express multiples of 2^-16. So value k gets floor(p_k * 2^16) of
    the 65,536 table entries, and the few entries left over (at most one a value) mean "draw
    again", this time by inversion of what the floors cut off. The two steps together give p_k to
    the accuracy of float64.

    Several laws at once (one for each grey level of an image) share one table, each with a row of
    2^``bits`` entries; fewer bits keep the table in the processor's cache and draw again more
    often.

    Args:
        values: (K,) whole numbers above -32768, or (L, K): other numbers for each law.
        probabilities: (K,) float64, summing to 1, or (L, K).
        bits: how many bits of a word choose the entry, 1 to 16.
    """

    _AGAIN = np.int16(-32768)

    def __init__(self, values, probabilities, bits: int = 16):
        shares = np.atleast_2d(np.asarray(probabilities, dtype=np.float64)) * 2**bits
        values = np.broadcast_to(np.asarray(values, dtype=np.int16), shares.shape)
        whole = np.floor(shares)
        counts = whole.astype(np.int64)
        # What the floors leave of each row goes to one more "value", the mark to draw again.
        counts = np.column_stack([counts, 2**bits - counts.sum(axis=1)])
        marked = np.column_stack([values, np.full(len(values), self._AGAIN)])
        self.bits = bits
        self.table = np.repeat(marked.ravel(), counts.ravel())
        self.values = values.ravel()
        self.cumulative = np.cumsum(shares - whole)
        self._width = shares.shape[1]

    def draw(self, size: int, rng: np.random.Generator, levels=None) -> np.ndarray:
        """Return (size,) int16.

        Args:
            size: how many.
            rng: where the words come from.
            levels: (size,) uint8, the law of each number; None is the first law for all.
        """
        if levels is None:
            noise = self.table.take(random_words(size, rng))
            self._draw_again(noise, rng)
            return noise
        noise = np.empty(size, np.int16)
        for start in range(0, size, _BLOCK):
            part, rows = noise[start : start + _BLOCK], levels[start : start + _BLOCK]
            index = np.left_shift(rows, self.bits, dtype=np.int32)
            index |= random_words(part.size, rng) >> (16 - self.bits)
            # 'clip' writes straight to out; no index lies outside the table.
            self.table.take(index, out=part, mode='clip')
            self._draw_again(part, rng, rows)
        return noise

    def _draw_again(self, noise: np.ndarray, rng: np.random.Generator, levels=None) -> None:
        """Replace the marks in ``noise``."""
        again = np.flatnonzero(noise == self._AGAIN)
        if again.size:
            rows = None if levels is None else levels.take(again)
            noise[again] = self.redraw(again.size, rng, rows)

    def redraw(self, size: int, rng: np.random.Generator, levels=None) -> np.ndarray:
        """Return (size,) int16 from what the floors cut off, for entries marked ``_AGAIN``."""
        u = rng.random(size)
        if levels is None:
            last = self._width - 1
            u *= self.cumulative[last]
        else:
            last = levels.astype(np.int64) * self._width + (self._width - 1)
            upper = self.cumulative[last]
            # The sum over all laws before; law 0 has none.
            lower = np.where(levels > 0, self.cumulative[last - self._width], 0)
            u *= upper - lower
            u += lower
        index = np.searchsorted(self.cumulative, u, side='right')
        return self.values[np.minimum(index, last)]


def random_words(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return (size,) uint16, four a 64-bit draw."""
    # The full range of uint64 is the generator's raw stream.
    raw = rng.integers(0, 2**64 - 1, (size + 3) // 4, dtype=np.uint64, endpoint=True)
    return raw.astype('<u8', copy=False).view('<u2')[:size]


def rounded_normal(sigma: float, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Values and probabilities of round(N(0, sigma^2)), the tails gathered at -limit and limit."""
    if sigma == 0:
        return np.array([0]), np.array([1.0])
    # Upper tails P(n > k + 1/2) for k = 0 … limit - 1, by erfc for relative accuracy.
    scale = sigma * math.sqrt(2)
    tails = np.array([0.5 * math.erfc((k + 0.5) / scale) for k in range(limit)])
    upper = np.append(tails[:-1] - tails[1:], tails[-1])  # k = 1 … limit
    probabilities = np.concatenate([upper[::-1], [1 - 2 * tails[0]], upper])
    return np.arange(-limit, limit + 1), probabilities


def add_saturating(img: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """uint8 + int16 -> uint8 of the same shape, saturated."""
    # Flat, because OpenCV reads some small arrays as scalars.
    out = cv2.add(img.reshape(1, -1), noise.reshape(1, -1), dtype=cv2.CV_8U)
    return out.reshape(img.shape)
