"""Dark channel and the airlight read off it.

Dark channel: He, Sun and Tang, "Single Image Haze Removal Using Dark Channel Prior", CVPR 2009;
15x15 patches. Airlight: the pixel of median grey among the brightest 0.1 % of the dark channel, as
for Foggy Cityscapes (Sakaridis et al., IJCV 2018), who take it from Tang et al., CVPR 2014.

Decisions where these say nothing: of equally bright dark-channel pixels the first in reading order
(the highest up, hence most likely sky) are taken; patches are cut at the border. An even number of
pixels is raised by one, as in the authors' code, so that the median is a pixel.
"""

import cv2
import numpy as np

from ..images import check_image
from ..parameters import OddInteger

PATCH = 15
SHARE = 1 / 1000
# Thousandths, ITU-R BT.601, red, green, blue.
_LUMA = {'rgb': (299, 587, 114), 'bgr': (114, 587, 299)}


def dark_channel(img: np.ndarray, patch: int = PATCH) -> np.ndarray:
    """Smallest value of all channels in the patch around each pixel.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        patch: side of the square, odd.

    Returns:
        (H, W) of the dtype of ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or patch.
    """
    img = check_image(img)
    patch = OddInteger().check('patch', patch) or PATCH
    darkest = img if img.ndim == 2 else img[..., 0]
    for channel in range(1, 1 if img.ndim == 2 else img.shape[2]):
        darkest = cv2.min(darkest, img[..., channel])
    return cv2.erode(np.ascontiguousarray(darkest), np.ones((patch, patch), np.uint8))


def estimate_airlight(img: np.ndarray, order: str = 'bgr') -> list[float]:
    """Colour of the airlight: one number on [0, 1] for each channel (a single one for (H, W)).

    Args:
        img: (H, W) or (H, W, C), uint8 or float. Grey is BT.601 luma for three channels, their
            mean for any other number.
        order: ``'bgr'`` or ``'rgb'``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or order.
    """
    img = check_image(img)
    if order not in _LUMA:
        raise ValueError(f"order must be 'bgr' or 'rgb', got {order!r}")
    dark = dark_channel(img).ravel()
    count = int(dark.size * SHARE)
    count += 1 - count % 2
    index = _largest(dark, count)
    pixels = img.reshape(dark.size, -1)[index].astype(np.float64)
    if img.dtype == np.uint8:
        pixels /= 255
    channels = pixels.shape[1]
    weights = _LUMA[order] if channels == 3 else [1000 / channels] * channels
    # Whole numbers: greys that are equal as uint8 stay equal, whatever the dtype.
    grey = np.rint(pixels @ np.array(weights) * 255)
    median = np.partition(grey, count // 2)[count // 2]
    return [float(v) for v in pixels[np.argmax(grey == median)]]


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Indices, ascending, of the ``count`` largest values; of equal ones the first."""
    if values.dtype == np.uint8:
        # Half as long as bincount, which widens to int64; its float32 counts are whole to 2^24.
        counts = cv2.calcHist([values], [0], None, [256], [0, 256]).ravel().astype(np.int64)
        at_least = np.cumsum(counts[::-1])[::-1]
        threshold = np.flatnonzero(at_least >= count)[-1]
    else:
        threshold = np.partition(values, values.size - count)[values.size - count]
    above = np.flatnonzero(values > threshold)
    equal = np.flatnonzero(values == threshold)
    return np.sort(np.concatenate([above, equal[: count - above.size]]))
