"""What counts as an image here, checked in one place.

An image is H×W or H×W×C with any C, uint8 on 0–255 or float32/float64 on a nominal [0, 1] (values
may leave [0, 1] after unclipped noise). Channel order matters only where a function has a parameter
``order``, 'bgr' as OpenCV reads by default. Every float array of this package is on [0, 1], never
on 0–255.
"""

import cv2
import numpy as np

# A float image on 0–255 given by mistake is nearly always above this; an image on [0, 1] with the
# strongest unclipped noise allowed (standard deviation 1) practically never is.
MAX_FLOAT = 8.0


def check_image(img) -> np.ndarray:
    """Return ``img`` C-contiguous and in native byte order, or say what is wrong with it.

    The result may be ``img`` itself: callers must not write to it.

    Raises:
        TypeError: not an array, or a dtype other than uint8, float32, float64.
        ValueError: not 2-D or 3-D, empty, NaN or infinite, or a float image not on [0, 1]. (The
            check of values costs one minimum and one maximum, under 0.2 ms for 512×512×3.)
    """
    if not isinstance(img, np.ndarray):
        raise TypeError(
            f'an image must be a NumPy array of shape (H, W) or (H, W, C), got {type(img).__name__}'
        )
    if img.dtype.type not in (np.uint8, np.float32, np.float64):
        raise TypeError(
            f'an image must be uint8 (0-255), float32 or float64 ([0, 1]), got {img.dtype}'
        )
    if img.ndim not in (2, 3):
        raise ValueError(
            f'an image must have shape (H, W) or (H, W, C), got {img.ndim} dimensions: {img.shape}'
        )
    if img.size == 0:
        raise ValueError(f'an image must not be empty, got shape {img.shape}')
    if img.dtype != np.uint8:
        low, high = float(img.min()), float(img.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError('a float image must be finite, got NaN or infinite values')
        if high > MAX_FLOAT or low < -MAX_FLOAT:
            raise ValueError(
                f'a float image is on [0, 1], got values in [{low:g}, {high:g}]: divide by 255'
            )
    if not img.dtype.isnative:
        img = img.astype(img.dtype.newbyteorder('='))
    return np.ascontiguousarray(img)


def round_to_uint8(values: np.ndarray, negative: bool = True) -> np.ndarray:
    """Round (half to even) and saturate a contiguous float array to uint8.

    Args:
        values: any shape.
        negative: whether any of them may be below 0; without, it is four times as fast.
    """
    flat = values.reshape(1, -1)
    if negative:
        # The sum with nothing: of OpenCV's single passes, the one that saturates at 0.
        out = cv2.addWeighted(flat, 1, flat, 0, 0, dtype=cv2.CV_8U)
    else:
        out = cv2.convertScaleAbs(flat)
    return out.reshape(values.shape)


def by_slabs(function, source: np.ndarray, out: np.ndarray, reach: int, rows: int) -> np.ndarray:
    """Fill ``out`` a slab of rows at a time, so that what lies in between fits a cache.

    Args:
        function: a filter with mirrored borders, from rows of ``source`` to as many of ``out``.
        source: (H, ...).
        out: (H, ...), overwritten and returned.
        reach: how many rows above and below a row decide about it.
        rows: of ``out`` at a time; more than ``reach`` to be worth it.
    """
    for top in range(0, len(out), rows):
        above = max(top - reach, 0)
        slab = function(source[above : top + rows + reach])
        out[top : top + rows] = slab[top - above : top - above + rows]
    return out


def zero_below(values: np.ndarray, limit: float) -> np.ndarray:
    """A float32 array (H, W) with values below ``limit`` replaced by 0."""
    # OpenCV keeps what lies above its threshold; `limit` itself has to stay.
    below = np.nextafter(np.float32(limit), np.float32(-np.inf))
    return cv2.threshold(values, float(below), 0, cv2.THRESH_TOZERO)[1].reshape(values.shape)


def like(out: np.ndarray, img: np.ndarray, negative: bool = False) -> np.ndarray:
    """Give ``out`` the dtype and shape of ``img`` (OpenCV drops a channel axis of length 1).

    Args:
        out: on the scale of ``img``; rounded for a uint8 image.
        img: the image that was degraded.
        negative: whether values may be below 0, which means of an image's values are not.
    """
    if img.dtype == np.uint8 and out.dtype != np.uint8:
        out = round_to_uint8(np.ascontiguousarray(out), negative)
    return out.reshape(img.shape)
