"""Poisson noise: y = Poisson(peak x) / peak, also called shot noise.

``peak`` is the mean count of white; fewer counts mean more noise. SDABN takes the pixel on 0–255 as
the mean, which is peak 255, not clipped. Degrees 1–5 are those of ImageNet-C's ``shot_noise``
(Hendrycks and Dietterich, ICLR 2019), clipped.

Every value of every channel is hit by itself; the same ``rng`` draws the same counts in every dtype
(`draw_counts`). Negative values of a float image count as 0.
"""

import math

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real
from ..rng import as_generator
from .clip import CLIP, clips, settle_clip
from .counts import draw_counts

PARAMETERS = dict(
    peak=Real(0.01, 1e6, unit='counts', doc='mean count of white; the more, the less noise'),
    clip=CLIP,
)


def poisson_noise(img: np.ndarray, peak: float, rng, clip: bool | None = None) -> np.ndarray:
    """Replace every value by a Poisson number of that mean, counted in steps of 1 / peak.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        peak: mean count of white, 0.01 to 1e6. Up to 4096 the counts come from a table, above from
            NumPy, several times as slow.
        rng: `numpy.random.Generator`, int seed or None.
        clip: as `gaussian_noise`.

    Returns:
        As `gaussian_noise`.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    peak = PARAMETERS['peak'].check('peak', peak)
    clip = clips(CLIP.check('clip', clip), img)
    counts = draw_counts(img, peak, as_generator(rng))
    if img.dtype == np.uint8 and clip:
        white = math.ceil(peak)
        grey = np.rint(np.minimum(np.arange(white + 1) * (255 / peak), 255)).astype(np.uint8)
        out = grey.take(counts, mode='clip')
    else:
        dtype = np.float32 if img.dtype == np.uint8 else img.dtype
        out = np.divide(counts, peak, dtype=dtype)
        if clip:
            np.minimum(out, 1, out=out)
    return out.reshape(img.shape)


KINDS = (
    Degradation(
        'poisson',
        poisson_noise,
        PARAMETERS,
        steps('peak', 60, 25, 12, 5, 3),
        source='ImageNet-C (shot noise)',
        settle=settle_clip,
    ),
)
