"""Additive white Gaussian noise and salt-and-pepper noise.

Gaussian noise is on the 0–255 scale, as SDABN (10/25/30/50), D2SM (25/35/50) and most denoising
papers write it. Salt and pepper hits each channel by itself, as MATLAB's ``imnoise`` and the code
of FG-NIC (Pei et al.) do.

Deviation in means, not in distribution: uint8 noise is drawn as the whole number the rounded
formula would give, by a table that reproduces its probabilities exactly (`_IntegerNoise`); it is
several times as fast as drawing a normal number for each value and rounding.
`cv2.randn` is never used: it gives the same numbers in every forked worker.
"""

import functools
import math

import cv2
import numpy as np

from .images import check_image
from .parameters import Flag, Real
from .rng import as_generator

GAUSSIAN_NOISE = dict(
    sigma=Real(0, 255, unit='grey levels', doc='standard deviation on the 0-255 scale, any dtype'),
    clip=Flag(doc='None: True for uint8, False for float'),
)
SALT_AND_PEPPER = dict(
    amount=Real(0, 1, doc='share of values replaced, half by 0 and half by the maximum'),
)


def gaussian_noise(img: np.ndarray, sigma: float, rng, clip: bool | None = None) -> np.ndarray:
    """Add independent N(0, sigma^2) to every value of every channel.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        sigma: standard deviation on the 0–255 scale, 0 to 255 (a float image gets sigma / 255).
        rng: `numpy.random.Generator`, int seed or None.
        clip: True keeps the result in range; False does not; None is True for uint8, False for
            float.

    Returns:
        - uint8, clipped: uint8, rounded and saturated.
        - uint8, not clipped: **float32 on [0, 1]** and beyond, as all floats of this package.
        - float: the same dtype, clipped to [0, 1] only if asked.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    sigma = GAUSSIAN_NOISE['sigma'].check('sigma', sigma)
    clip = GAUSSIAN_NOISE['clip'].check('clip', clip)
    rng = as_generator(rng)
    if clip is None:
        clip = img.dtype == np.uint8
    if img.dtype == np.uint8 and clip:
        return _add_saturating(img, _rounded_gaussian(sigma).draw(img.size, rng))
    if img.dtype == np.uint8:
        img = np.multiply(img, np.float32(1 / 255), dtype=np.float32)
    out = rng.standard_normal(img.shape, dtype=img.dtype)
    out *= sigma / 255
    out += img
    return np.clip(out, 0, 1, out=out) if clip else out


def salt_and_pepper(img: np.ndarray, amount: float, rng) -> np.ndarray:
    """Set values to 0 with probability amount / 2 and to the maximum with amount / 2.

    With u ~ U(0, 1) for every value of every channel: u < amount/2 gives 0, u > 1 - amount/2 gives
    255 (uint8) or 1.0 (float), anything between leaves the value alone. The same ``rng`` hits the
    same places in every dtype.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        amount: share of values replaced, 0 to 1.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    amount = SALT_AND_PEPPER['amount'].check('amount', amount)
    noise = _salt_and_pepper(amount).draw(img.size, as_generator(rng))
    if img.dtype == np.uint8:
        return _add_saturating(img, noise)
    noise = noise.reshape(img.shape)
    out = img.copy()
    out[noise < 0] = 0
    out[noise > 0] = 1
    return out


def settle_gaussian_noise(params: dict, img: np.ndarray, rng) -> dict:
    """Write whether this image will be clipped into the parameters."""
    if params['clip'] is None:
        params['clip'] = bool(img.dtype == np.uint8)
    return params


class _IntegerNoise:
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


@functools.lru_cache(maxsize=32)
def _rounded_gaussian(sigma: float) -> _IntegerNoise:
    """The law of round(N(0, sigma^2)), its tails gathered at -255 and 255.

    x + round(n) = round(x + n) for whole x, and beyond +-255 every sum saturates, so this is the
    law of the rounded and saturated formula itself, not an approximation of it.
    """
    if sigma == 0:
        return _IntegerNoise([0], [1.0])
    # Upper tails P(n > k + 1/2) for k = 0 … 254, by erfc for relative accuracy.
    tails = np.array([0.5 * math.erfc((k + 0.5) / (sigma * math.sqrt(2))) for k in range(255)])
    upper = np.append(tails[:-1] - tails[1:], tails[-1])  # k = 1 … 255
    return _IntegerNoise(
        np.arange(-255, 256), np.concatenate([upper[::-1], [1 - 2 * tails[0]], upper])
    )


@functools.lru_cache(maxsize=32)
def _salt_and_pepper(amount: float) -> _IntegerNoise:
    """-255 (pepper) and 255 (salt) with amount / 2 each, else 0: added with saturation."""
    return _IntegerNoise([-255, 0, 255], [amount / 2, 1 - amount, amount / 2])


def _add_saturating(img: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """uint8 + int16 -> uint8 of the same shape, saturated."""
    # Flat, because OpenCV reads some small arrays as scalars.
    out = cv2.add(img.reshape(1, -1), noise.reshape(1, -1), dtype=cv2.CV_8U)
    return out.reshape(img.shape)
