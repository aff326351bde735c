"""Median filter, for salt-and-pepper noise.

J. W. Tukey, "Exploratory Data Analysis", 1977; the restorer of salt and pepper in Guo et al.,
"Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020, Table III, which gives
no window: ours is 3x3 by default. Channel by channel.

Borders are mirrored without repeating the edge pixel (reflect 101), where OpenCV repeats it: a
corner pixel that was hit would fill four of the nine places, and survive more often.

Means: OpenCV where it is exact and able: uint8, and float32 up to 5x5. A float image of at most 256
different values (one that came from uint8) is filtered as the ranks of its values, since a median
is the same in any growing scale. Any other is sorted window by window.
"""

import cv2
import numpy as np

from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.weather.scattering import strips

from .method import Method
from .parameters import OddSize

PARAMETERS = dict(
    size=OddSize(1, 255, unit='pixels', doc='side of the window; 1 changes nothing'),
)


def median_filter(img: np.ndarray, size: int = 3) -> np.ndarray:
    """Replace every value by the median of the square around it, in its own channel.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        size: side of the square, odd, 1 to 255; 1 returns a copy.

    Returns:
        A new array like ``img``, of values that occur in it.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a size out of range.
    """
    img = check_image(img)
    size = PARAMETERS['size'].check('size', size)
    if size == 1:
        return img.copy()
    if img.dtype == np.uint8 or (img.dtype == np.float32 and size <= 5):
        return _by_opencv(img, size)
    levels, ranks = np.unique(img, return_inverse=True)
    if len(levels) <= 256:
        return levels[_by_opencv(ranks.astype(np.uint8).reshape(img.shape), size)]
    return _by_sorting(img, size)


def _by_opencv(img: np.ndarray, size: int) -> np.ndarray:
    reach = size // 2
    height, width = img.shape[:2]
    padded = cv2.copyMakeBorder(img, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    inside = slice(reach, reach + height), slice(reach, reach + width)
    if padded.ndim == 2 or padded.shape[2] in (3, 4):
        return cv2.medianBlur(padded, size)[inside].reshape(img.shape)
    planes = [cv2.medianBlur(np.ascontiguousarray(p), size) for p in np.moveaxis(padded, 2, 0)]
    return np.stack(planes, axis=2)[inside]


def _by_sorting(img: np.ndarray, size: int) -> np.ndarray:
    reach = size // 2
    padded = cv2.copyMakeBorder(img, reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    padded = padded.reshape(*padded.shape[:2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    out = np.empty(windows.shape[:3], img.dtype)
    middle = size * size // 2
    # In strips: all windows of an image together may not fit into memory.
    for rows in strips((*out.shape, size * size), values=4_000_000):
        values = windows[rows].reshape(-1, size * size)
        out[rows] = np.partition(values, middle, axis=1)[:, middle].reshape(out[rows].shape)
    return out.reshape(img.shape)


METHOD = Method(
    'median',
    median_filter,
    PARAMETERS,
    undoes=('saltpepper',),
    source='Tukey 1977',
    reach=lambda values: values['size'] // 2,
)
