"""A square of the image lost: set to 0.

The rectangular crop of fidelity calibration (Lin, Bhattacharjee, El Helou and Süsstrunk, "Fidelity
Estimation Improves Noisy-Image Classification With Pretrained Networks" (FG-NIC), SPL 2021): a
square of side 2 * floor(ratio * min(H, W) / 2) at a random place wholly inside the image.
Degrees 1-5 (ratio 0.1-0.5) are ours.
"""

import math

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import OptionalInteger, Real
from ..rng import as_generator

PARAMETERS = dict(
    ratio=Real(0, 1, doc='side of the square over the shorter side of the image; 0: no square'),
    top=OptionalInteger(0, 10**6, unit='pixels', doc='first row of the square; None: random'),
    left=OptionalInteger(0, 10**6, unit='pixels', doc='first column of the square; None: random'),
)


def square_side(ratio: float, height: int, width: int) -> int:
    """Side of the square in pixels, always even."""
    # A tiny number more, or 0.58 * 100 would be below 58.
    return 2 * math.floor(ratio * min(height, width) / 2 + 1e-9)


def _draw(ratio: float, top, left, shape: tuple, rng) -> tuple[int, int]:
    """Fill in what is None, each place equally likely."""
    side = square_side(ratio, *shape[:2])
    rng = as_generator(rng)
    drawn = [int(rng.integers(0, size - side, endpoint=True)) for size in shape[:2]]
    return drawn[0] if top is None else top, drawn[1] if left is None else left


def square_crop(
    img: np.ndarray, ratio: float, top: int | None = None, left: int | None = None, rng=None
) -> np.ndarray:
    """Set a square to 0.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        ratio: side of the square over min(H, W), 0 to 1.
        top, left: first row and column of the square; None draws them.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter; a square that would
            reach over the border.
    """
    img = check_image(img)
    ratio = PARAMETERS['ratio'].check('ratio', ratio)
    top = PARAMETERS['top'].check('top', top)
    left = PARAMETERS['left'].check('left', left)
    if top is None or left is None:
        top, left = _draw(ratio, top, left, img.shape, rng)
    side = square_side(ratio, *img.shape[:2])
    for name, start, size in (('top', top, img.shape[0]), ('left', left, img.shape[1])):
        if start + side > size:
            raise ValueError(
                f'{name} must be 0 to {size - side} for a square of {side} pixels in an image of '
                f'shape {img.shape}, got {start}'
            )
    out = img.copy()
    out[top : top + side, left : left + side] = 0
    return out


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the place, if it is to be drawn."""
    top, left = params['top'], params['left']
    if top is None or left is None:
        params['top'], params['left'] = _draw(params['ratio'], top, left, img.shape, rng)
    return params


KINDS = (
    Degradation(
        'crop',
        square_crop,
        PARAMETERS,
        steps('ratio', 0.1, 0.2, 0.3, 0.4, 0.5),
        source='FG-NIC; degrees ours',
        settle=settle,
    ),
)
