"""Additive white Gaussian noise (AWGN).

The level is on the 0–255 scale, as SDABN (10/25/30/50), D2SM (25/35/50) and most denoising papers
write it.

Deviation in means, not in distribution: uint8 noise is drawn as the whole number the rounded
formula would give, by a table that reproduces its probabilities exactly (`IntegerNoise`).
`cv2.randn` is never used: it gives the same numbers in every forked worker.
"""

import functools

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Flag, Real
from ..rng import as_generator
from .integer_noise import IntegerNoise, add_saturating, rounded_normal

PARAMETERS = dict(
    sigma=Real(0, 255, unit='grey levels', doc='standard deviation on the 0-255 scale, any dtype'),
    clip=Flag(doc='None: True for uint8, False for float'),
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
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    clip = PARAMETERS['clip'].check('clip', clip)
    rng = as_generator(rng)
    if clip is None:
        clip = img.dtype == np.uint8
    if img.dtype == np.uint8 and clip:
        return add_saturating(img, _rounded_gaussian(sigma).draw(img.size, rng))
    if img.dtype == np.uint8:
        img = np.multiply(img, np.float32(1 / 255), dtype=np.float32)
    out = rng.standard_normal(img.shape, dtype=img.dtype)
    out *= sigma / 255
    out += img
    return np.clip(out, 0, 1, out=out) if clip else out


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Write whether this image will be clipped into the parameters."""
    if params['clip'] is None:
        params['clip'] = bool(img.dtype == np.uint8)
    return params


@functools.lru_cache(maxsize=32)
def _rounded_gaussian(sigma: float) -> IntegerNoise:
    """The law of round(N(0, sigma^2)), its tails gathered at -255 and 255.

    x + round(n) = round(x + n) for whole x, and beyond +-255 every sum saturates, so this is the
    law of the rounded and saturated formula itself, not an approximation of it.
    """
    return IntegerNoise(*rounded_normal(sigma, 255))


KINDS = (
    Degradation(
        'awgn',
        gaussian_noise,
        PARAMETERS,
        # SDABN publishes 10, 25, 30, 50: four levels and uneven. Even steps over the same range;
        # `sigma=25` gives the one left out.
        steps('sigma', 10, 20, 30, 40, 50),
        source='even steps over the range of SDABN (10, 25, 30, 50)',
        settle=settle,
    ),
)
