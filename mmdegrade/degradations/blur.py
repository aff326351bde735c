"""Gaussian blur and linear motion blur.

Degrees 1–5 of both follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020 (sigma 1–5, length 5–25). The motion kernel has the shape documented for
MATLAB's ``fspecial('motion')``: an antialiased line.

Deviations: the kernel of the Gaussian is 2*ceil(3*sigma)+1 by default, where some published code
uses 13 for every sigma (``kernel_size=13``); the angle of the motion is not published, ours is
45 degrees unless asked otherwise; weights near the ends of the motion line use the distance to the
line segment itself (the same numbers at all five degrees). Borders are mirrored without repeating
the edge pixel, where fspecial users often get zeros.
"""

import functools
import math
import warnings

import cv2
import numpy as np

from .images import check_image, round_to_uint8
from .parameters import OddInteger, Real
from .rng import as_generator

GAUSSIAN_BLUR = dict(
    sigma=Real(0, 100, unit='pixels', doc='standard deviation; 0 changes nothing'),
    kernel_size=OddInteger(unit='pixels', doc='None: 2*ceil(3*sigma)+1'),
)
MOTION_BLUR = dict(
    length=Real(1, 200, unit='pixels', doc='length of the line; 1 changes nothing'),
    angle=Real(
        -360, 360, unit='degrees', words=('random',), doc='counter-clockwise from the x axis'
    ),
)

# cv2.filter2D turns to a Fourier transform above about this kernel area (its direct method, which
# skips zero weights, is 30 times as fast). Larger kernels are cut into tiles below it.
_DIRECT_AREA = {'uint8': 121, 'float32': 121, 'float64': 49}


@functools.cache
def _warn_truncated(kernel_size: int) -> None:
    """Cached, so that a kernel size warns once a process, not once an image."""
    warnings.warn(
        f'gaussian_blur: kernel_size={kernel_size} reaches 2 sigma only up to '
        f'sigma={(kernel_size - 1) / 4:g}; above, it cuts the Gaussian off and blurs less than '
        'sigma says (kernel_size=None fits the kernel to sigma)',
        stacklevel=3,
    )


def default_kernel_size(sigma: float) -> int:
    """Kernel size that reaches 3 sigma on both sides."""
    return 2 * math.ceil(3 * sigma) + 1


def gaussian_blur(img: np.ndarray, sigma: float, kernel_size: int | None = None) -> np.ndarray:
    """Convolve with a sampled, normalised Gaussian; border pixels are mirrored (reflect 101).

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        sigma: standard deviation in pixels, 0 to 100; 0 returns a copy.
        kernel_size: odd number of taps; None is 2*ceil(3*sigma)+1. A kernel smaller than
            2*ceil(2*sigma)+1 does not reach 2 sigma and warns, once for each kernel size.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    sigma = GAUSSIAN_BLUR['sigma'].check('sigma', sigma)
    kernel_size = GAUSSIAN_BLUR['kernel_size'].check('kernel_size', kernel_size)
    if sigma == 0:
        return img.copy()
    if kernel_size is None:
        kernel_size = default_kernel_size(sigma)
    elif kernel_size < 2 * math.ceil(2 * sigma) + 1:
        _warn_truncated(kernel_size)
    offsets = np.arange(kernel_size) - kernel_size // 2
    taps = np.exp(-0.5 * (offsets / sigma) ** 2)
    taps /= taps.sum()
    # Not uint8 throughout: some OpenCV versions then round the taps to 8 bits.
    depth = cv2.CV_64F if img.dtype == np.float64 else cv2.CV_32F
    out = cv2.sepFilter2D(img, depth, taps, taps, borderType=cv2.BORDER_REFLECT_101)
    return _like(out, img)


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
    length = MOTION_BLUR['length'].check('length', length)
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
    length = MOTION_BLUR['length'].check('length', length)
    angle = MOTION_BLUR['angle'].check('angle', angle)
    if angle == 'random':
        angle = draw_angle(rng)
    if length == 1:
        return img.copy()
    return _like(_filter_sparse(img, motion_kernel(length, angle)), img)


def draw_angle(rng=None) -> float:
    """One angle in degrees from U(0, 180)."""
    return float(as_generator(rng).uniform(0, 180))


def settle_gaussian_blur(params: dict, img: np.ndarray, rng) -> dict:
    """Write the kernel size that will be used into the parameters."""
    if params['kernel_size'] is None:
        params['kernel_size'] = default_kernel_size(params['sigma'])
    return params


def settle_motion_blur(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the angle, if it is to be drawn."""
    if params['angle'] == 'random':
        params['angle'] = draw_angle(rng)
    return params


def _like(out: np.ndarray, img: np.ndarray) -> np.ndarray:
    """Give ``out`` the dtype and shape of ``img`` (OpenCV drops a channel axis of length 1)."""
    if img.dtype == np.uint8 and out.dtype != np.uint8:
        out = round_to_uint8(out)
    return out.reshape(img.shape)


def _tiles(kernel: np.ndarray, area: int):
    """Cut a kernel into (row, column, block) holding all its weights, each block within ``area``.

    Blocks are runs of rows, trimmed to the columns in use, which suits a thin line.
    """
    start = 0
    while start < len(kernel):
        best = None
        for stop in range(start + 1, len(kernel) + 1):
            used = np.flatnonzero(kernel[start:stop].any(axis=0))
            if used.size == 0:
                continue
            left, right = int(used[0]), int(used[-1]) + 1
            # One row that is too wide by itself stays whole: slower, not wrong.
            if best is not None and (stop - start) * (right - left) > area:
                break
            best = stop, left, right
        if best is None:
            return
        stop, left, right = best
        yield start, left, kernel[start:stop, left:right]
        start = stop


def _filter_sparse(img: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate with a mostly empty kernel, borders mirrored; uint8 may come back as float32."""
    area = _DIRECT_AREA[img.dtype.name]
    if kernel.size <= area:
        return cv2.filter2D(img, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    height, width = img.shape[:2]
    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    source = cv2.copyMakeBorder(img, rows, rows, columns, columns, cv2.BORDER_REFLECT_101)
    if img.dtype == np.uint8:
        source = source.astype(np.float32)
    total = None
    for top, left, tile in _tiles(kernel, area):
        view = source[top : top + height + len(tile) - 1, left : left + width + tile.shape[1] - 1]
        part = cv2.filter2D(view, -1, tile, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
        part = part[:height, :width]
        total = part if total is None else cv2.add(total, part, dst=total)
    return total
