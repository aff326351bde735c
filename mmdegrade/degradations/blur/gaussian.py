"""Gaussian blur.

Degrees 1–5 (sigma 1–5) follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020.

Deviations: the kernel is 2*ceil(3*sigma)+1 by default, where some published code uses 13 for every
sigma (``kernel_size=13``). Borders are mirrored without repeating the edge pixel.
"""

import functools
import math
import warnings

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image, like
from ..parameters import OddInteger, Real

PARAMETERS = dict(
    sigma=Real(0, 100, unit='pixels', doc='standard deviation; 0 changes nothing'),
    kernel_size=OddInteger(unit='pixels', doc='None: 2*ceil(3*sigma)+1'),
)


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


def gaussian_taps(sigma: float, kernel_size: int) -> np.ndarray:
    """A Gaussian sampled at whole pixels, sum 1: (kernel_size,) float64; sigma above 0."""
    offsets = np.arange(kernel_size) - kernel_size // 2
    taps = np.exp(-0.5 * (offsets / sigma) ** 2)
    return taps / taps.sum()


@functools.cache
def _uint8_is_exact() -> bool:
    """Whether OpenCV filters uint8 throughout with the taps as they are.

    Some versions round them to 8 bits; others give what float32 rounded once gives, but sooner.
    """
    noise = np.random.default_rng(0).integers(0, 256, (64, 75, 3), dtype=np.uint8)
    for sigma in (0.5, 1, 2, 3, 4, 5, 10):
        taps = gaussian_taps(sigma, default_kernel_size(sigma))
        whole = cv2.sepFilter2D(noise, -1, taps, taps)
        real = cv2.sepFilter2D(noise, cv2.CV_32F, taps, taps)
        if not np.array_equal(whole, like(real, noise)):
            return False
    return True


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
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    kernel_size = PARAMETERS['kernel_size'].check('kernel_size', kernel_size)
    if sigma == 0:
        return img.copy()
    if kernel_size is None:
        kernel_size = default_kernel_size(sigma)
    elif kernel_size < 2 * math.ceil(2 * sigma) + 1:
        _warn_truncated(kernel_size)
    taps = gaussian_taps(sigma, kernel_size)
    depth = cv2.CV_32F if img.dtype == np.uint8 and not _uint8_is_exact() else -1
    out = cv2.sepFilter2D(img, depth, taps, taps, borderType=cv2.BORDER_REFLECT_101)
    return like(out, img)


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Write the kernel size that will be used into the parameters."""
    if params['kernel_size'] is None:
        params['kernel_size'] = default_kernel_size(params['sigma'])
    return params


KINDS = (
    Degradation(
        'gblur',
        gaussian_blur,
        PARAMETERS,
        steps('sigma', 1, 2, 3, 4, 5),
        source='DGN',
        settle=settle,
    ),
)
