"""Pixelation: fewer pixels, each the mean of those it replaces, shown as blocks of the old size.

Degrees 1-5 (scale .6 .5 .4 .3 .25) follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking
Neural Network Robustness to Common Corruptions and Perturbations", ICLR 2019; ``pixelate``), which
reduces with Pillow's BOX filter and enlarges with NEAREST: a side of n pixels becomes
int(n * scale) cells, and each pixel gets the mean of the pixels whose centres lie in its cell.

Deviations: a pixel always shows the cell that it was averaged into. Where its centre lies exactly
between two cells, that is the first; Pillow averages it into the first, or either, by rounding of
floats, and shows the second (at scale 0.4 and sides that are multiples of 5 this costs 0.8 dB). The
mean is rounded once (Pillow: along the rows, then again along the columns). Tiny images keep at
least one cell.
"""

import functools

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image, round_to_uint8
from ..parameters import Real

PARAMETERS = dict(
    scale=Real(0.001, 1, doc='new side over old side; 1 changes nothing'),
)

# Pixels of uint8 whose sum and mean float32 can tell from all others' (with a margin of four).
_FIT_FLOAT32 = 2**14


@functools.lru_cache(maxsize=64)
def _cells(size: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the cells along one side begin and end, and the cell of each pixel.

    Returns:
        (n + 1,) and (size,) integers, read-only.
    """
    n = max(1, int(size * scale))
    # Pixel x is in cell j if j < (x + 1/2) * n / size <= j + 1; in integers, to be exact.
    edges = (2 * np.arange(n + 1) * size + n) // (2 * n)
    cells = np.repeat(np.arange(n), np.diff(edges))
    edges.flags.writeable = cells.flags.writeable = False
    return edges, cells


def pixelate(img: np.ndarray, scale: float) -> np.ndarray:
    """Replace cells of about 1 / scale pixels a side by their mean.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        scale: number of cells over number of pixels along a side, 0.001 to 1; 1 returns a copy.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    scale = PARAMETERS['scale'].check('scale', scale)
    if scale == 1:
        return img.copy()
    height, width = img.shape[:2]
    (top, row), (left, column) = _cells(height, scale), _cells(width, scale)
    # Sums over all pixels above and left. Whole numbers may wrap around 2^32: differences do not.
    depth = cv2.CV_32S if img.dtype == np.uint8 else cv2.CV_64F
    sums = cv2.integral(img, sdepth=depth).take(top, axis=0).take(left, axis=1)
    sums = sums[1:] - sums[:-1]
    sums = sums[:, 1:] - sums[:, :-1]
    area = np.outer(np.diff(top), np.diff(left))
    area = area.reshape(area.shape + (1,) * (sums.ndim - 2))
    if img.dtype == np.uint8:
        # Float32 holds such sums, and tells their quotients from halves.
        exact = np.float32 if area.max() <= _FIT_FLOAT32 else np.float64
        means = round_to_uint8(np.divide(sums, area, dtype=exact, casting='unsafe'), negative=False)
    else:
        means = (sums / area).astype(img.dtype, copy=False)
    return _repeat(means, row, column).reshape(img.shape)


def _repeat(cells: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """The cell of each pixel."""
    if cells.dtype == np.uint8 and cells.ndim == 3 and cells.shape[2] == 3:
        # A pixel of four bytes is one number to move.
        four = cv2.cvtColor(cells, cv2.COLOR_BGR2BGRA).view(np.uint32)[..., 0]
        four = four.take(column, axis=1).view(np.uint8).reshape(len(cells), len(column), 4)
        cells = cv2.cvtColor(four, cv2.COLOR_BGRA2BGR)
    else:
        cells = cells.take(column, axis=1)
    return cells.take(row, axis=0)


KINDS = (
    Degradation(
        'pixelate',
        pixelate,
        PARAMETERS,
        steps('scale', 0.6, 0.5, 0.4, 0.3, 0.25),
        source='ImageNet-C',
    ),
)
