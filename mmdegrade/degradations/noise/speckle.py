"""Speckle, i.e. multiplicative Gaussian noise: y = x + x n, n ~ N(0, sigma^2).

Degrees 1–5 are those of ImageNet-C (Hendrycks and Dietterich, ICLR 2019), which clips; so is uint8
here. Every value of every channel is hit by itself. The noise is `standard_normal`, the same
numbers in every dtype.
"""

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real
from ..rng import as_generator
from .clip import CLIP, add_noise, clips, settle_clip
from .normal import standard_normal

PARAMETERS = dict(
    sigma=Real(0, 8, doc='standard deviation as a share of the value; 0 changes nothing'),
    clip=CLIP,
)


def speckle_noise(img: np.ndarray, sigma: float, rng, clip: bool | None = None) -> np.ndarray:
    """Add to every value noise of a standard deviation in proportion to the value.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        sigma: standard deviation as a share of the value, 0 to 8, in every dtype.
        rng: `numpy.random.Generator`, int seed or None.
        clip: as `gaussian_noise`.

    Returns:
        As `gaussian_noise`.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    clip = clips(CLIP.check('clip', clip), img)
    noise = standard_normal(img.size, as_generator(rng))
    if img.dtype == np.uint8:
        scale = cv2.LUT(img.reshape(1, -1), (sigma * np.arange(256)).astype(np.float32))
        noise *= scale.reshape(-1)
    else:
        noise = noise.astype(img.dtype, copy=False)
        noise *= sigma
        noise *= img.reshape(-1)
    return add_noise(img, noise, clip)


KINDS = (
    Degradation(
        'speckle',
        speckle_noise,
        PARAMETERS,
        steps('sigma', 0.15, 0.2, 0.35, 0.45, 0.6),
        source='ImageNet-C',
        settle=settle_clip,
    ),
)
