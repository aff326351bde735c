"""Linear motion blur.

Degrees 1–5 (length 5–25) follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020. The kernel has the shape documented for MATLAB's ``fspecial('motion')``: an
antialiased line.

Deviations: the angle is not published, ours is 45 degrees unless asked otherwise; weights near the
ends of the line use the distance to the line segment itself (the same numbers at all five
degrees). Borders are mirrored without repeating the edge pixel, where fspecial users often get
zeros.
"""

import math

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image, like
from ..parameters import Real
from ..rng import as_generator
from .sparse_filter import filter_sparse

PARAMETERS = dict(
    length=Real(1, 200, unit='pixels', doc='length of the line; 1 changes nothing'),
    angle=Real(
        -360, 360, unit='degrees', words=('random',), doc='counter-clockwise from the x axis'
    ),
)


def motion_kernel(length: float, angle: float) -> np.ndarray:
    """Weights of a straight, uniform motion, ``max(1 - distance to the line segment, 0)``, sum 1.

    The segment is centred on the middle pixel and reaches (length - 1) / 2 to either side, so a
    whole ``length`` at 0 or 90 degrees covers exactly ``length`` pixels (the two end ones by half
    when it is even).

    Args:
        length: pixels, 1 to 200; need not be whole.
        angle: degrees counter-clockwise from the x axis as the image is seen (y points down in
            memory); 45 runs from bottom left to top right.

    Returns:
        (rows, columns) float64, both odd and no larger than needed, symmetric under a half turn.
    """
    length = PARAMETERS['length'].check('length', length)
    angle = Real(-360, 360, unit='degrees').check('angle', angle)
    half = (length - 1) / 2
    turn = math.radians(angle % 180)
    dx, dy = math.cos(turn), -math.sin(turn)
    radius = math.ceil(half) + 1
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along = x * dx + y * dy
    across = x * dy - y * dx
    distance = np.hypot(across, np.maximum(np.abs(along) - half, 0))
    weights = np.maximum(1 - distance, 0)
    weights[weights < 1e-9] = 0  # rounding left over where the distance is exactly 1
    rows = int(np.abs(y[weights > 0]).max())
    columns = int(np.abs(x[weights > 0]).max())
    weights = weights[radius - rows : radius + rows + 1, radius - columns : radius + columns + 1]
    return weights / weights.sum()


def motion_blur(img: np.ndarray, length: float, angle: float | str = 45.0, rng=None) -> np.ndarray:
    """Average the image along a straight line (`motion_kernel`); borders are mirrored.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        length: pixels, 1 to 200; 1 returns a copy.
        angle: degrees counter-clockwise, or ``'random'`` for one draw from U(0, 180).
        rng: `numpy.random.Generator`, int seed or None; used by ``'random'`` only.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    length = PARAMETERS['length'].check('length', length)
    angle = PARAMETERS['angle'].check('angle', angle)
    if angle == 'random':
        angle = draw_angle(rng)
    if length == 1:
        return img.copy()
    return like(filter_sparse(img, motion_kernel(length, angle)), img)


def draw_angle(rng=None) -> float:
    """One angle in degrees from U(0, 180)."""
    return float(as_generator(rng).uniform(0, 180))


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the angle, if it is to be drawn."""
    if params['angle'] == 'random':
        params['angle'] = draw_angle(rng)
    return params


KINDS = (
    Degradation(
        'mblur',
        motion_blur,
        PARAMETERS,
        steps('length', 5, 10, 15, 20, 25),
        source='DGN; angle ours',
        settle=settle,
    ),
)
