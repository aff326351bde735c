"""Fog without depth: a random cloud added to the image, as in ImageNet-C.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``fog``): y = (x + c p) M / (M + c), with the
strength c, the largest value M of the image and a plasma fractal p on [0, 1] by the diamond-square
algorithm: each new point is the mean of its four neighbours plus a uniform number of either sign.
The published amplitude is squared before use, so from one level to the next it falls by the square
of ``decay``; and so it does here. Fog that grows with distance: kind `fog`.

The fractal is periodic, its side the next power of two, and all of it spans [0, 1]; the image gets
the top left part. Its uniform numbers have 16 bits. Deviation: a black image stays black, and a
single pixel has no fog (published: division by zero).
"""

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import check_image
from ..noise.integer_noise import random_words
from ..parameters import Real
from ..rng import as_generator
from .scattering import spread, working_dtype

PARAMETERS = dict(
    strength=Real(0, 100, doc='of the fog, 1 is the range of the image; 0 changes nothing'),
    decay=Real(1, 100, doc='its square divides the amplitude of each finer level'),
)


def plasma(side: int, decay: float, rng) -> np.ndarray:
    """A periodic plasma fractal by the diamond-square algorithm.

    Args:
        side: a power of two.
        decay: its square divides the amplitude of each finer level, 1 or more.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        (side, side) float32 whose smallest value is 0 and largest 1; all 0 for side 1.

    Raises:
        ValueError: ``side`` is no power of two.
    """
    if side < 1 or side & (side - 1):
        raise ValueError(f'side must be a power of two, got {side}')
    rng = as_generator(rng)
    corners = np.zeros((1, 1), np.float32)
    amplitude = 1.0
    quarter = np.float32(0.25)
    while len(corners) < side:
        n = len(corners)
        wobble = random_words(3 * n * n, rng).reshape(3, n, n).astype(np.float32)
        wobble -= np.float32(2**15 - 0.5)
        wobble *= np.float32(amplitude / 2**15)
        middles, above, aside = wobble
        # Neighbours beyond the border are those of the other side.
        wide = cv2.copyMakeBorder(corners, 0, 1, 0, 1, cv2.BORDER_WRAP)
        across = wide[:, :-1] + wide[:, 1:]
        middles += (across[:-1] + across[1:]) * quarter
        wide_middles = cv2.copyMakeBorder(middles, 1, 0, 1, 0, cv2.BORDER_WRAP)
        across = across[:-1] + middles
        across += wide_middles[:-1, 1:]
        across *= quarter
        above += across
        down = corners + wide[1:, :-1]
        down += middles
        down += wide_middles[1:, :-1]
        down *= quarter
        aside += down
        finer = np.empty((2 * n, 2 * n), np.float32)
        finer[::2, ::2] = corners
        finer[1::2, 1::2] = middles
        finer[::2, 1::2] = above
        finer[1::2, ::2] = aside
        corners = finer
        amplitude /= decay**2
    corners -= corners.min()
    top = float(corners.max())
    if top > 0:
        corners *= np.float32(1 / top)
    return np.minimum(corners, 1, out=corners)


def plasma_fog(img: np.ndarray, strength: float, decay: float, rng) -> np.ndarray:
    """Add a plasma fractal and scale the sum back to the range of the image.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        strength: 0 to 100, where 1 is the range of the image; 0 returns a copy.
        decay: 1 to 100; larger is smoother.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once, float is clipped
        to [0, 1]. A black image stays black.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    strength = PARAMETERS['strength'].check('strength', strength)
    decay = PARAMETERS['decay'].check('decay', decay)
    rng = as_generator(rng)
    height, width = img.shape[:2]
    cloud = plasma(1 << (max(height, width) - 1).bit_length(), decay, rng)[:height, :width]
    if strength == 0:
        return img.copy()
    white = 255 if img.dtype == np.uint8 else 1
    largest = max(cv2.minMaxLoc(img.reshape(1, -1))[1] / white, 0)
    share = largest / (largest + strength)
    dtype = working_dtype(img)
    veil = np.multiply(cloud, dtype(strength * white * share), dtype=dtype)
    out = spread(veil, np.empty(img.shape, dtype))
    if img.dtype == np.uint8:
        # Scaled, added and rounded in one pass; flat, because OpenCV reads some small arrays as
        # scalars.
        flat = img.reshape(1, -1)
        total = cv2.addWeighted(flat, share, out.reshape(1, -1), 1, 0, dtype=cv2.CV_8U)
        return total.reshape(img.shape)
    out += np.multiply(img, dtype(share), dtype=dtype)
    return np.clip(out, 0, 1, out=out)


KINDS = (
    Degradation(
        'plasma_fog',
        plasma_fog,
        PARAMETERS,
        tuple(
            dict(strength=strength, decay=decay)
            for strength, decay in ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))
        ),
        source='ImageNet-C',
    ),
)
