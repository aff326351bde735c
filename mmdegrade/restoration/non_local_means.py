"""Non-local means, for Gaussian noise: the mean of all pixels near by, weighted by likeness.

Buades, Coll and Morel, "A non-local algorithm for image denoising", CVPR 2005, pixel by pixel: the
weight of a pixel is exp(-d^2 / h^2), d^2 being the mean squared difference of the patches around it
and around the pixel to be denoised, over all channels. By ``cv2.fastNlMeansDenoising``. Here it
stands in for BM3D, which is not free, as the denoiser before a segmentation network.

h: about 0.9 times the standard deviation of the noise was best on street scenes, with 3x3 patches
(OpenCV's 7x7 lose up to 1 dB there).

Deviations: OpenCV works in 8 bits. A float image is therefore mapped to them by its range, at least
[0, 1], so that unclipped noise is not cut off; the result has 256 levels. One to four channels are
compared together, of more each by itself.
"""

import cv2
import numpy as np

from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.parameters import Real
from mmdegrade.degradations.weather.scattering import working_dtype

from .method import Method
from .parameters import OddSize

PARAMETERS = dict(
    h=Real(0, 255, unit='grey levels', doc='how unlike pixels may be; 0 changes nothing'),
    patch=OddSize(1, 21, unit='pixels', doc='side of the patches compared'),
    search=OddSize(1, 101, unit='pixels', doc='side of the square searched'),
)


def non_local_means(img: np.ndarray, h: float, patch: int = 3, search: int = 21) -> np.ndarray:
    """Denoise by non-local means.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        h: filter strength in grey levels of 255 for every dtype, 0 to 255; 0 returns a copy.
        patch: side of the patches in pixels, odd, 1 to 21.
        search: side of the square searched in pixels, odd, 1 to 101.

    Returns:
        A new array like ``img``.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    h = PARAMETERS['h'].check('h', h)
    patch = PARAMETERS['patch'].check('patch', patch)
    search = PARAMETERS['search'].check('search', search)
    if h == 0:
        return img.copy()
    if img.dtype == np.uint8:
        return _denoise(img, h, patch, search)
    low, high = min(0.0, float(img.min())), max(1.0, float(img.max()))
    step = (high - low) / 255
    levels = np.rint((img.astype(working_dtype(img)) - low) / step).astype(np.uint8)
    table = (low + step * np.arange(256)).astype(img.dtype)
    return table[_denoise(levels, h / (high - low), patch, search)]


def _denoise(img: np.ndarray, h: float, patch: int, search: int) -> np.ndarray:
    if img.ndim == 3 and img.shape[2] > 4:
        planes = [np.ascontiguousarray(plane) for plane in np.moveaxis(img, 2, 0)]
        return np.stack([_denoise(plane, h, patch, search) for plane in planes], axis=2)
    out = cv2.fastNlMeansDenoising(img, None, h, patch, search)
    return out.reshape(img.shape)


METHOD = Method(
    'non_local_means',
    non_local_means,
    PARAMETERS,
    undoes=('awgn',),
    source='Buades et al., CVPR 2005; OpenCV',
)
