"""Zoom blur: the mean of enlargements about the centre, as if the lens zoomed while exposing.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``zoom_blur``): with zooms z = 1, 1 + step, ...,
factor, each by bilinear interpolation, y = (x + sum_z zoom_z(x)) / (number of zooms + 1). The image
itself counts twice, once as z = 1. The published ranges are NumPy's ``arange(1, 1.11, .01)``,
``(1, 1.16, .01)``, ``(1, 1.21, .02)``, ``(1, 1.26, .02)`` and ``(1, 1.31, .03)``; the first of them
reaches 1.11 by rounding of floats, the fourth ends at 1.24. ``factor`` is the last zoom used.

Deviation: every zoom is about the centre of the image. The published code cuts out whole pixels
and keeps the top left part of what comes out too large, so that its layers lie up to a pixel off
the centre, to the bottom right on average.

Means: cv2.resize interpolates several times as fast as cv2.warpAffine, but can only place a zoom on
whole pixels. It is given more margin than needed, and of the places in it the first is used that
is centred to 0.05 pixel, or else the best one (at the published zooms off by 1/12 pixel at most).
"""

import functools
import math

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import check_image, like
from ..parameters import Real

PARAMETERS = dict(
    factor=Real(1, 4, doc='largest zoom; 1 changes nothing'),
    step=Real(0.001, 3, doc='between one zoom and the next'),
)

# How far a layer may lie from the centre, and the margin that may be spent on it, in pixels.
_TOLERANCE = 0.05
_MARGIN = 128


@functools.lru_cache(maxsize=512)
def _placement(size: int, zoom: float) -> tuple[int, int, int]:
    """How to zoom one axis about its centre by resizing whole pixels.

    Returns:
        ``(start, count, skip)``: enlarge ``count`` pixels from ``start`` (which may be negative),
        then leave out the first ``skip``. Output pixel i then lies at
        start + (skip + i + 1/2) / zoom - 1/2, the convention of cv2.resize.
    """
    centre = (size - 1) / 2
    best = None
    # Below this, output pixels lie before the middle of the first pixel and would be clamped.
    first = math.ceil((zoom - 1) / 2)
    for skip in range(first, first + _MARGIN):
        exact = centre - centre / zoom + 0.5 - (skip + 0.5) / zoom
        error = abs(exact - round(exact))
        if best is None or error < best[0]:
            best = error, round(exact), skip
        if error <= _TOLERANCE:
            break
    _, start, skip = best
    count = math.ceil((skip + size + 0.5) / zoom) + 1
    return start, count, skip


def zooms(factor: float, step: float) -> list[float]:
    """The zooms that are averaged: 1, 1 + step, ... up to ``factor``."""
    count = math.floor((factor - 1) / step + 1e-6)
    return [1 + step * k for k in range(count + 1)]


def zoom_blur(img: np.ndarray, factor: float, step: float) -> np.ndarray:
    """Average the image and its enlargements about the centre.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        factor: largest zoom, 1 to 4; 1 returns a copy.
        step: 0.001 to 3, between zooms; above ``factor - 1`` there is none but 1.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    factor = PARAMETERS['factor'].check('factor', factor)
    step = PARAMETERS['step'].check('step', step)
    layers = zooms(factor, step)
    if len(layers) == 1:
        return img.copy()
    height, width = img.shape[:2]
    plans = [(zoom, _placement(height, zoom), _placement(width, zoom)) for zoom in layers[1:]]
    before = max(0, *(-start for _, *axes in plans for start, _, _ in axes))
    after = max(
        start + count - size
        for _, *axes in plans
        for (start, count, _), size in zip(axes, (height, width), strict=True)
    )
    after = max(after, 0)
    dtype = np.float64 if img.dtype == np.float64 else np.float32
    real = img.astype(dtype)
    # Margins are only read with weights next to 0.
    source = cv2.copyMakeBorder(real, before, after, before, after, cv2.BORDER_REPLICATE)
    total = np.add(real, real, out=real)
    for zoom, (top, rows, above), (left, columns, aside) in plans:
        top, left = top + before, left + before
        view = source[top : top + rows, left : left + columns]
        layer = cv2.resize(view, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
        layer = layer[above : above + height, aside : aside + width]
        cv2.add(total, layer.reshape(total.shape), dst=total)
    total *= dtype(1 / (len(layers) + 1))
    return like(total, img)


KINDS = (
    Degradation(
        'zoom',
        zoom_blur,
        PARAMETERS,
        tuple(
            dict(factor=factor, step=step)
            for factor, step in ((1.11, 0.01), (1.15, 0.01), (1.2, 0.02), (1.24, 0.02), (1.3, 0.03))
        ),
        source='ImageNet-C',
    ),
)
