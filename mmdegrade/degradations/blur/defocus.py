"""Defocus: a disk instead of a point, its rim softened.

Degrees 1-5 and the kernel follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network
Robustness to Common Corruptions and Perturbations", ICLR 2019; ``defocus_blur``): the pixels within
``radius`` of the middle, blurred by a Gaussian that is cut off after one pixel (after two above
radius 8).

Deviations: the kernel is normalised after that Gaussian, not before. The published order mirrors
the kernel's rim back into it wherever the disk touches the edge of its array, so that it sums to
1.013 at degree 4 and 1.011 at degree 5 and brightens the image by as much. The radius need not be
whole.

Means: a disk is a set of vertical runs. Runs of one length are summed for the whole image at once
and added up, shifted; in uint8 images exactly, in 16-bit integers. cv2.filter2D turns to a Fourier
transform at these sizes and takes several times as long.
"""

import math

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import by_slabs, check_image, like
from ..parameters import Real

PARAMETERS = dict(
    radius=Real(0, 50, unit='pixels', doc='of the disk; 0 changes nothing'),
    alias_sigma=Real(0, 10, unit='pixels', doc='of the Gaussian on the kernel; 0: a sharp rim'),
)

# Pixels of uint8 whose sum fits into 16 bits.
_FIT_16_BITS = 65535 // 255

# Values of an image filtered at a time: fewer cost more in overlap than they save.
_SLAB = 3 << 19


def _half_heights(radius: float) -> list[int]:
    """Half the height of the disk's columns, from the middle one outwards."""
    return [math.isqrt(int(radius * radius - x * x)) for x in range(int(radius) + 1)]


def _rim_taps(radius: float, alias_sigma: float) -> np.ndarray | None:
    """Taps of the Gaussian on the kernel, or None where it does nothing."""
    if alias_sigma == 0:
        return None
    reach = 1 if radius <= 8 else 2
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / alias_sigma) ** 2)
    taps /= taps.sum()
    return taps if taps[reach] < 1 - 1e-9 else None


def disk_kernel(radius: float, alias_sigma: float = 0.0) -> np.ndarray:
    """Weights of `defocus_blur`.

    Args:
        radius: pixels, 0 to 50.
        alias_sigma: pixels, 0 to 10.

    Returns:
        (K, K) float64, K odd, sum 1.
    """
    radius = PARAMETERS['radius'].check('radius', radius)
    alias_sigma = PARAMETERS['alias_sigma'].check('alias_sigma', alias_sigma)
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (x * x + y * y <= radius * radius).astype(np.float64)
    taps = _rim_taps(radius, alias_sigma) if radius else None
    if taps is not None:
        disk = np.pad(disk, len(taps) // 2)
        disk = cv2.sepFilter2D(disk, -1, taps, taps, borderType=cv2.BORDER_CONSTANT)
    return disk / disk.sum()


def _disk_sums(img: np.ndarray, radius: float) -> np.ndarray:
    """Sum of the pixels in the disk around each, borders mirrored.

    Returns:
        (H, W * C) uint16 where all sums of a uint8 image fit, else float32; float like ``img``.
    """
    height, width = img.shape[:2]
    channels = img.size // (height * width)
    reach = int(radius)
    source = cv2.copyMakeBorder(img, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    source = source.reshape(height + 2 * reach, -1)
    exact = img.dtype == np.uint8
    if exact:
        source = source.astype(np.uint16)
    columns: dict[int, list[int]] = {}
    for x, half in enumerate(_half_heights(radius)):
        columns.setdefault(half, []).extend((x, -x) if x else (x,))

    runs = source[reach : reach + height].copy()  # sums over 2 * half + 1 rows
    total = part = None
    pixels = 0
    for half in range(reach + 1):
        if half:
            runs += source[reach - half : reach - half + height]
            runs += source[reach + half : reach + half + height]
        for x in columns.get(half, ()):
            shifted = runs[:, (reach + x) * channels : (reach + x + width) * channels]
            if part is not None and exact and pixels + 2 * half + 1 > _FIT_16_BITS:
                # Whole numbers below 2^24: float32 holds them exactly.
                total = part.astype(np.float32) if total is None else np.add(total, part, out=total)
                part = None
            if part is None:
                part, pixels = shifted.copy(), 0
            else:
                part += shifted
            pixels += 2 * half + 1
    return part if total is None else np.add(total, part, out=total)


def defocus_blur(img: np.ndarray, radius: float, alias_sigma: float = 0.0) -> np.ndarray:
    """Convolve with a disk (`disk_kernel`); border pixels are mirrored (reflect 101).

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        radius: pixels, 0 to 50; 0 returns a copy.
        alias_sigma: standard deviation of the Gaussian that softens the rim, pixels, 0 to 10.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    radius = PARAMETERS['radius'].check('radius', radius)
    alias_sigma = PARAMETERS['alias_sigma'].check('alias_sigma', alias_sigma)
    if radius == 0:
        return img.copy()
    taps = _rim_taps(radius, alias_sigma)
    reach = int(radius) + (0 if taps is None else len(taps) // 2)
    rows = max(_SLAB * len(img) // img.size, 4 * reach, 1)
    return by_slabs(lambda slab: _defocus(slab, radius, taps), img, np.empty_like(img), reach, rows)


def _defocus(img: np.ndarray, radius: float, taps: np.ndarray | None) -> np.ndarray:
    """`defocus_blur` with the taps of the rim."""
    dtype = np.float64 if img.dtype == np.float64 else np.float32
    area = sum((2 * half + 1) * (2 if x else 1) for x, half in enumerate(_half_heights(radius)))
    out = np.multiply(_disk_sums(img, radius), dtype(1 / area), dtype=dtype)
    if taps is not None:
        # The disk sums of a mirrored image are mirrored themselves, so the order may be swapped.
        out = cv2.sepFilter2D(
            out.reshape(img.shape), -1, taps, taps, borderType=cv2.BORDER_REFLECT_101
        )
    return like(out, img)


KINDS = (
    Degradation(
        'defocus',
        defocus_blur,
        PARAMETERS,
        tuple(
            dict(radius=radius, alias_sigma=alias)
            for radius, alias in ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5))
        ),
        source='ImageNet-C',
    ),
)
