"""Impulse noise: some values are lost and others take their place.

``pepper``: a pixel is lost in all channels together and becomes 0 (UBCN tests 30, 50 and 70 %; that
channels go together is ours). ``impulse``: a value of a single channel is replaced by a random one,
each of 0 … 255 with the same probability, its old value included ("random-valued impulse noise").
The amounts of its degrees are those of ImageNet-C's ``impulse_noise``, which itself is salt and
pepper noise (`salt_and_pepper`).
"""

import functools

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real
from ..rng import as_generator
from .integer_noise import IntegerNoise

PARAMETERS_PEPPER = dict(amount=Real(0, 1, doc='share of pixels set to 0'))
PARAMETERS_IMPULSE = dict(amount=Real(0, 1, doc='share of values replaced by random ones'))


def pepper_noise(img: np.ndarray, amount: float, rng) -> np.ndarray:
    """Set pixels to 0, all channels together. The same ``rng`` hits the same in every dtype.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        amount: probability of every pixel, 0 to 1.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    amount = PARAMETERS_PEPPER['amount'].check('amount', amount)
    height, width = img.shape[:2]
    kept = _kept(amount).draw(height * width, as_generator(rng)).astype(np.uint8)
    channels = img.size // (height * width)
    if channels > 4:  # OpenCV has a limit on channels, which differs between its versions
        kept, channels = np.repeat(kept, channels), 1
    # A row of pixels, so that OpenCV takes no small array for a scalar.
    pixels = img.reshape(1, -1, channels)
    out = cv2.copyTo(pixels, kept[None], np.zeros_like(pixels))
    return out.reshape(img.shape)


def impulse_noise(img: np.ndarray, amount: float, rng) -> np.ndarray:
    """Replace values by random ones. The same ``rng`` does the same in every dtype.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        amount: probability of every value of every channel, 0 to 1.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; the random values are v or (float) v / 255, v in 0 … 255.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    amount = PARAMETERS_IMPULSE['amount'].check('amount', amount)
    noise = _impulses(amount).draw(img.size, as_generator(rng))
    hit = noise >= 0
    if img.dtype == np.uint8:
        values = noise.astype(np.uint8)[None]
    else:
        values = np.divide(noise, 255, dtype=img.dtype)[None]
    out = img.reshape(1, -1).copy()
    cv2.copyTo(values, hit.view(np.uint8)[None], out)
    return out.reshape(img.shape)


@functools.lru_cache(maxsize=32)
def _kept(amount: float) -> IntegerNoise:
    return IntegerNoise([0, 1], [amount, 1 - amount])


@functools.lru_cache(maxsize=32)
def _impulses(amount: float) -> IntegerNoise:
    """-1 where a value stays, else what replaces it."""
    return IntegerNoise(np.arange(-1, 256), np.append(1 - amount, np.full(256, amount / 256)))


KINDS = (
    Degradation(
        'pepper',
        pepper_noise,
        PARAMETERS_PEPPER,
        steps('amount', 0.1, 0.3, 0.5, 0.7, 0.9),
        source='UBCN (0.3, 0.5, 0.7); the ends ours',
    ),
    Degradation(
        'impulse',
        impulse_noise,
        PARAMETERS_IMPULSE,
        steps('amount', 0.03, 0.06, 0.09, 0.17, 0.27),
        source='amounts of ImageNet-C, whose impulse noise is salt and pepper',
    ),
)
