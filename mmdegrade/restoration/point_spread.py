"""Point spread functions: what a point becomes, known for every blur that is a convolution.

A point spread function is *convolved* with the image, y = psf * x, its middle being the pixel
itself. Borders are mirrored (reflect 101), as by every blur of this package.
"""

import cv2
import numpy as np

from mmdegrade.degradations import motion_kernel, resolve_params
from mmdegrade.degradations.blur.defocus import disk_kernel
from mmdegrade.degradations.blur.gaussian import default_kernel_size, gaussian_taps
from mmdegrade.degradations.blur.motion_gaussian import gaussian_motion_kernel
from mmdegrade.degradations.blur.sparse_filter import filter_sparse
from mmdegrade.degradations.parameters import suggest

# Up to so many weights the direct method is faster than cv2.filter2D's Fourier transform.
_DIRECT = 300


def _gaussian(sigma: float, kernel_size: int | None) -> np.ndarray:
    if sigma == 0:
        return np.ones((1, 1))
    taps = gaussian_taps(sigma, kernel_size or default_kernel_size(sigma))
    return np.outer(taps, taps)


def _trail(**params) -> np.ndarray:
    # That blur correlates; its kernel is not symmetric.
    return gaussian_motion_kernel(**params)[::-1, ::-1]


KERNELS = dict(gblur=_gaussian, mblur=motion_kernel, mblur_gaussian=_trail, defocus=disk_kernel)


def settled_blur(kind: str, degree: int | None = None, **params) -> dict:
    """``dict(kind=…, <every parameter>)`` of a blur, checked; arguments are those of `degrade`.

    Raises:
        TypeError, ValueError: as `resolve_params`; a kind that is no convolution; a parameter left
            to chance (``angle='random'``).
    """
    if kind not in KERNELS:
        raise ValueError(
            f'{kind!r} is no blur with one kernel for the whole image.{suggest(kind, KERNELS)} '
            f'Allowed kinds: {", ".join(KERNELS)}'
        )
    values = resolve_params(kind, degree, **params)
    drawn = [name for name, value in values.items() if value == 'random']
    if drawn:
        raise ValueError(f"{kind}: {drawn[0]}='random' gives no kernel; give the number drawn")
    return dict(kind=kind, **values)


def blur_kernel(kind: str, degree: int | None = None, **params) -> np.ndarray:
    """Point spread function of one of our blurs: ``blur_kernel('mblur', length=15, angle=45)``.

    Returns:
        (rows, columns) float64, both odd, sum 1.

    Raises:
        TypeError, ValueError: as `settled_blur`.
    """
    values = settled_blur(kind, degree, **params)
    return KERNELS[values.pop('kind')](**values)


class Blur:
    """Convolution with a point spread function, borders mirrored, and its transpose.

    Two passes where the weights are a product of a column and a row; else the direct method for few
    weights, and OpenCV's Fourier transform for many.

    Args:
        psf: (rows, columns) float64, both odd, sum 1.
    """

    def __init__(self, psf: np.ndarray):
        self.kernel = np.ascontiguousarray(psf[::-1, ::-1])  # OpenCV correlates
        self.transposed = np.ascontiguousarray(psf)
        column, row = self.kernel.sum(axis=1), self.kernel.sum(axis=0)
        separable = np.allclose(np.outer(column, row), self.kernel, rtol=0, atol=1e-12)
        self.taps = (column, row) if separable else None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Blur ``x``, (H, W) or (H, W, C > 1) float32 or float64; a new array like it."""
        return self._filter(x, self.kernel, self.taps)

    def transpose(self, x: np.ndarray) -> np.ndarray:
        """Blur by the weights turned by half a turn."""
        taps = self.taps and tuple(np.ascontiguousarray(t[::-1]) for t in self.taps)
        return self._filter(x, self.transposed, taps)

    def _filter(self, x, kernel, taps):
        if taps is not None:
            column, row = taps
            return cv2.sepFilter2D(x, -1, row, column, borderType=cv2.BORDER_REFLECT_101)
        return correlate(x, kernel)


def correlate(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Weighted sums of a float image around each pixel, borders mirrored; a new array like it."""
    if np.count_nonzero(kernel) <= _DIRECT:
        return filter_sparse(x, kernel)
    return cv2.filter2D(x, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
