"""Motion blur with a fading trail: a line that starts at the pixel, its weights half a Gaussian.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``motion_blur``, in the form of imagecorruptions):
2 * radius + 1 whole-pixel shifts along the line, shift i weighted exp(-i^2 / (2 sigma^2)). The
trail goes to one side, so the picture moves against its mask by up to half its length.

Deviations: the angle counts counter-clockwise as the image is seen, as for `mblur` (published:
clockwise; it is drawn evenly from -45 to 45, so this changes no statistics). Borders are mirrored
(reflect 101), published: repeated. An image smaller than the trail is mirrored too, where the
published code stops and darkens it.
"""

import math

import numpy as np

from ..degradation import Degradation
from ..images import check_image, like
from ..parameters import Integer, Real
from ..rng import as_generator
from .sparse_filter import filter_sparse

PARAMETERS = dict(
    radius=Integer(0, 100, unit='pixels', doc='half the length of the trail; 0 changes nothing'),
    sigma=Real(0, 1000, unit='pixels', doc='of the weights along the trail; 0 changes nothing'),
    angle=Real(
        -360, 360, unit='degrees', words=('random',), doc='counter-clockwise from the x axis'
    ),
)


def gaussian_motion_kernel(radius: int, sigma: float, angle: float) -> np.ndarray:
    """Weights of `gaussian_motion_blur`, to be correlated with the image.

    Args:
        radius: 0 to 100; the trail has 2 * radius + 1 taps, one pixel apart.
        sigma: pixels, 0 to 1000.
        angle: degrees counter-clockwise from the x axis as the image is seen: the side from which
            a pixel takes its trail.

    Returns:
        (rows, columns) float64, both odd and no larger than needed, sum 1; the trail starts in the
        middle.
    """
    radius = PARAMETERS['radius'].check('radius', radius)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    angle = Real(-360, 360, unit='degrees').check('angle', angle)
    if sigma == 0:
        radius = 0
    i = np.arange(2 * radius + 1)
    weights = np.exp(-0.5 * (i / max(sigma, 1e-9)) ** 2)
    turn = math.radians(angle)
    # Halves are rounded down, as published; the tiny number keeps 30 and 45 degrees from depending
    # on the last bit of a sine.
    x = np.ceil(i * math.cos(turn) - 0.5 - 1e-9).astype(int)
    y = np.ceil(-i * math.sin(turn) - 0.5 - 1e-9).astype(int)
    rows, columns = int(np.abs(y).max()), int(np.abs(x).max())
    kernel = np.zeros((2 * rows + 1, 2 * columns + 1))
    np.add.at(kernel, (y + rows, x + columns), weights)
    return kernel / kernel.sum()


def gaussian_motion_blur(
    img: np.ndarray, radius: int, sigma: float, angle: float | str = 'random', rng=None
) -> np.ndarray:
    """Average the image along a fading trail (`gaussian_motion_kernel`); borders are mirrored.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        radius: half the length of the trail, pixels, 0 to 100; 0 returns a copy.
        sigma: standard deviation of the weights, pixels, 0 to 1000; 0 returns a copy.
        angle: degrees counter-clockwise, or ``'random'`` for one draw from U(-45, 45).
        rng: `numpy.random.Generator`, int seed or None; used by ``'random'`` only.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    radius = PARAMETERS['radius'].check('radius', radius)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    angle = PARAMETERS['angle'].check('angle', angle)
    if angle == 'random':
        angle = draw_angle(rng)
    if radius == 0 or sigma == 0:
        return img.copy()
    return like(filter_sparse(img, gaussian_motion_kernel(radius, sigma, angle)), img)


def draw_angle(rng=None) -> float:
    """One angle in degrees from U(-45, 45)."""
    return float(as_generator(rng).uniform(-45, 45))


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the angle, if it is to be drawn."""
    if params['angle'] == 'random':
        params['angle'] = draw_angle(rng)
    return params


KINDS = (
    Degradation(
        'mblur_gaussian',
        gaussian_motion_blur,
        PARAMETERS,
        tuple(
            dict(radius=radius, sigma=sigma)
            for radius, sigma in ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))
        ),
        source='ImageNet-C',
        settle=settle,
    ),
)
