"""Guided filter: smooth a map so that its edges follow those of an image.

He, Sun and Tang, "Guided Image Filtering", TPAMI 2013. In every window the output is a linear
function a I + b of the guide I, with the a and b that fit the input best (ridge regression on a);
a pixel gets the mean of the functions of all windows that hold it. Windows are cut at the border,
as in the authors' code.

``subsample`` > 1 is He and Sun, "Fast Guided Filter", 2015: a and b come from every s-th pixel
(nearest, so that the guide keeps its variance) and are enlarged bilinearly.
"""

import functools

import cv2
import numpy as np

from .scattering import strips


def guided_filter(
    guide: np.ndarray, src: np.ndarray, radius: int, eps: float, subsample: int = 1
) -> np.ndarray:
    """Filter ``src`` under the guidance of ``guide``.

    Args:
        guide: (H, W), or (H, W, 3) for covariances of colours; uint8 on 0-255, or float on [0, 1].
        src: (H, W) float32 or float64; a float guide has the same dtype.
        radius: windows are 2 * radius + 1 pixels wide.
        eps: regularisation, in squared units of the guide on [0, 1].
        subsample: whole step s; 1 is the exact filter.

    Returns:
        (H, W) array of the dtype of ``src``.

    Raises:
        ValueError: shapes or dtypes that do not fit together, or a number out of range.
    """
    guided = GuidedFilter(guide, every(src, subsample), radius, eps, subsample)
    if guide.shape[:2] != src.shape:
        raise ValueError(f'guided_filter: guide is {guide.shape}, but src {src.shape}')
    out = np.empty_like(src)
    for rows in strips(guide.shape):
        out[rows] = guided.rows(rows)
    return out


def every(values: np.ndarray, step: int) -> np.ndarray:
    """Every ``step``-th pixel in both directions, from the middle of each block."""
    if step <= 1:
        return values
    height, width = values.shape[:2]
    size = -(-width // step), -(-height // step)
    return cv2.resize(values, size, interpolation=cv2.INTER_NEAREST_EXACT)


class GuidedFilter:
    """The weights of a guided filter, to be applied to some rows at a time.

    Arguments are those of `guided_filter`, except ``small_src``, which is `every` pixel of ``src``
    already: what is a function of each pixel need then be worked out for those alone.
    """

    def __init__(self, guide, small_src, radius: int, eps: float, subsample: int = 1):
        if radius < 1 or subsample < 1 or not eps > 0:
            raise ValueError(
                'guided_filter: radius and subsample must be 1 or more and eps above 0, got '
                f'{radius}, {subsample} and {eps}'
            )
        colour = guide.ndim == 3
        dtype = small_src.dtype
        small_guide = every(guide, subsample)
        fits = small_guide.shape[:2] == small_src.shape and (not colour or guide.shape[2] == 3)
        if not fits or guide.dtype not in (dtype, np.uint8) or dtype.kind != 'f':
            raise ValueError(
                'guided_filter: guide must be (H, W) or (H, W, 3), uint8 or of the dtype of src, '
                f'and src (H, W) float; got {guide.shape} {guide.dtype} and, of every '
                f'{subsample}. pixel, {small_src.shape} {dtype}'
            )
        scale = 1 / 255 if guide.dtype == np.uint8 else 1
        find = _colour_weights if colour else _grey_weights
        *a, b = find(
            np.multiply(small_guide, scale, dtype=dtype),
            small_src,
            max(1, round(radius / subsample)),
            eps,
        )
        a = (cv2.merge(a) if colour else a[0]) * dtype.type(scale)
        if subsample > 1:
            a, b = (cv2.resize(w, (guide.shape[1], len(w))) for w in (a, b))
        self.guide, self.a, self.b = guide, a, b

    def rows(self, rows: slice) -> np.ndarray:
        """Some rows of the filtered map; a new array."""
        guide = self.guide[rows]
        a, b = (_rows_of(w, rows, len(self.guide)) for w in (self.a, self.b))
        depth = cv2.CV_64F if b.dtype == np.float64 else cv2.CV_32F
        # Flat, because OpenCV reads some small arrays as scalars.
        product = cv2.multiply(a.reshape(1, -1), guide.reshape(1, -1), dtype=depth)
        if guide.ndim == 3:
            product = cv2.transform(product.reshape(guide.shape), np.ones((1, 3)))
        product = product.reshape(b.shape)
        product += b
        return product


def _rows_of(weights: np.ndarray, rows: slice, height: int) -> np.ndarray:
    """Some rows of ``weights`` enlarged to ``height`` rows, bilinearly as by cv2.resize."""
    small = len(weights)
    if small == height:
        return weights[rows]
    at = np.clip((np.arange(height)[rows] + 0.5) * (small / height) - 0.5, 0, small - 1)
    upper = np.minimum(at.astype(int), max(small - 2, 0))
    share = (at - upper).astype(weights.dtype).reshape(-1, *[1] * (weights.ndim - 1))
    out = weights[np.minimum(upper + 1, small - 1)]
    out -= weights[upper]
    out *= share
    out += weights[upper]
    return out


@functools.lru_cache(maxsize=4)
def _inverse_area(shape: tuple[int, int], radius: int, dtype) -> np.ndarray:
    """1 / number of pixels of each window that lie in the image."""
    rows, columns = (
        np.minimum(np.arange(n) + radius, n - 1) - np.maximum(np.arange(n) - radius, 0) + 1
        for n in shape
    )
    return (1 / np.outer(rows, columns)).astype(dtype)


def _mean(radius: int, shape, dtype):
    """Function: the mean of an array over every window."""
    inverse_area = _inverse_area(shape, radius, dtype)
    side = 2 * radius + 1

    def mean(values):
        total = cv2.boxFilter(
            values, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return np.multiply(total, inverse_area, out=total)

    return mean


def _grey_weights(guide, src, radius, eps) -> list[np.ndarray]:
    """Mean a and mean b (equations 5, 6 and 8 of the paper)."""
    mean = _mean(radius, src.shape, src.dtype)
    mean_guide, mean_src = mean(guide), mean(src)
    covariance = mean(guide * src) - mean_guide * mean_src
    variance = mean(guide * guide) - mean_guide * mean_guide
    a = covariance / (variance + eps)
    return [mean(a), mean(mean_src - a * mean_guide)]


def _colour_weights(guide, src, radius, eps) -> list[np.ndarray]:
    """Mean a for each channel and mean b (equations 14 to 16): a 3x3 system for each window."""
    mean = _mean(radius, src.shape, src.dtype)
    x = cv2.split(guide)
    mean_x, mean_src = [mean(c) for c in x], mean(src)
    covariance = [mean(c * src) - m * mean_src for c, m in zip(x, mean_x, strict=True)]
    s = {
        (i, j): mean(x[i] * x[j]) - mean_x[i] * mean_x[j] + (eps if i == j else 0)
        for i in range(3)
        for j in range(i, 3)
    }
    # The symmetric matrix is inverted by its cofactors.
    c00 = s[1, 1] * s[2, 2] - s[1, 2] * s[1, 2]
    c01 = s[0, 2] * s[1, 2] - s[0, 1] * s[2, 2]
    c02 = s[0, 1] * s[1, 2] - s[0, 2] * s[1, 1]
    c11 = s[0, 0] * s[2, 2] - s[0, 2] * s[0, 2]
    c12 = s[0, 1] * s[0, 2] - s[0, 0] * s[1, 2]
    c22 = s[0, 0] * s[1, 1] - s[0, 1] * s[0, 1]
    determinant = s[0, 0] * c00 + s[0, 1] * c01 + s[0, 2] * c02
    p, q, r = covariance
    a = [
        (u * p + v * q + w * r) / determinant
        for u, v, w in ((c00, c01, c02), (c01, c11, c12), (c02, c12, c22))
    ]
    b = mean_src - sum(w * m for w, m in zip(a, mean_x, strict=True))
    return [*map(mean, a), mean(b)]
