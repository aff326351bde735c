"""Random whole numbers by table: exact probabilities, several times as fast as rounding draws."""

import cv2
import numpy as np


class IntegerNoise:
    """Draws whole numbers with given probabilities, exactly and mostly by one table look-up.

    A 16-bit random word can only express multiples of 2^-16. So value k gets floor(p_k * 2^16) of
    the 65,536 table entries, and the few entries left over (at most one a value) mean "draw
    again", this time by inversion of what the floors cut off. The two steps together give p_k to
    the accuracy of float64.

    Args:
        values: (K,) whole numbers above -32768.
        probabilities: (K,) float64, summing to 1.
    """

    _AGAIN = np.int16(-32768)

    def __init__(self, values, probabilities):
        self.values = np.asarray(values, dtype=np.int16)
        shares = np.asarray(probabilities, dtype=np.float64) * 65536
        whole = np.floor(shares)
        self.table = np.full(65536, self._AGAIN)
        filled = np.repeat(self.values, whole.astype(np.int64))
        self.table[: len(filled)] = filled
        self.cumulative = np.cumsum(shares - whole)

    def draw(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """Return (size,) int16."""
        # Four words a 64-bit draw; the full range of uint64 is the generator's raw stream.
        raw = rng.integers(0, 2**64 - 1, (size + 3) // 4, dtype=np.uint64, endpoint=True)
        words = raw.astype('<u8', copy=False).view('<u2')[:size]
        noise = self.table.take(words)
        again = np.flatnonzero(noise == self._AGAIN)
        if again.size:
            u = rng.random(again.size) * self.cumulative[-1]
            index = np.searchsorted(self.cumulative, u, side='right')
            noise[again] = self.values[np.minimum(index, len(self.values) - 1)]
        return noise


def add_saturating(img: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """uint8 + int16 -> uint8 of the same shape, saturated."""
    # Flat, because OpenCV reads some small arrays as scalars.
    out = cv2.add(img.reshape(1, -1), noise.reshape(1, -1), dtype=cv2.CV_8U)
    return out.reshape(img.shape)
