"""Bayer mosaic of a colour image, and back by bilinear interpolation, in any float depth.

OpenCV's demosaicing takes integers only and repeats the results of inner pixels at the border; here
the border is mirrored (reflect 101, which keeps the pattern).
"""

import cv2
import numpy as np

# The 2x2 block at the top left, row by row.
PATTERNS = ('RGGB', 'BGGR', 'GRBG', 'GBRG')

# Weights 1 at a site of the colour itself, so that it keeps its value; around it those of its
# neighbours: two for red and blue in their rows and columns and four on diagonals, four for green.
_RED_BLUE = np.array([0.5, 1, 0.5])
_GREEN = np.array([[0, 0.25, 0], [0.25, 1, 0.25], [0, 0.25, 0]])


def to_bayer(img: np.ndarray, pattern: str, order: str = 'bgr') -> np.ndarray:
    """Keep one colour at each pixel.

    Args:
        img: (H, W, 3) of any dtype.
        pattern: one of `PATTERNS`.
        order: of the channels of ``img``, ``'bgr'`` or ``'rgb'``.

    Returns:
        (H, W) of the same dtype.
    """
    raw = np.empty(img.shape[:2], img.dtype)
    for site, colour in enumerate(pattern):
        y, x = divmod(site, 2)
        raw[y::2, x::2] = img[y::2, x::2, order.upper().index(colour)]
    return raw


def from_bayer(raw: np.ndarray, pattern: str, colour: str) -> np.ndarray:
    """One colour at every pixel: where it is missing, the mean of its nearest neighbours.

    Args:
        raw: (H, W) float32 or float64, both sides 2 or more so that no colour is missing.
        pattern: one of `PATTERNS`.
        colour: ``'R'``, ``'G'`` or ``'B'``.

    Returns:
        (H, W) like ``raw``.
    """
    plane = np.zeros_like(raw)
    for site in (site for site in range(4) if pattern[site] == colour):
        y, x = divmod(site, 2)
        plane[y::2, x::2] = raw[y::2, x::2]
    if colour == 'G':
        return cv2.filter2D(plane, -1, _GREEN, borderType=cv2.BORDER_REFLECT_101)
    return cv2.sepFilter2D(plane, -1, _RED_BLUE, _RED_BLUE, borderType=cv2.BORDER_REFLECT_101)
