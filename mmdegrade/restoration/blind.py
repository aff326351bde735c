"""Blind deconvolution: Richardson-Lucy for the image and for the point spread function, in turns.

What MATLAB's ``deconvblind`` does, the deblurrer of Guo et al., "Degraded Image Semantic
Segmentation With Dense-Gram Networks", TIP 2020, Table III. T. J. Holmes et al., "Light microscopic
images reconstructed by maximum likelihood deconvolution", 1995; D. A. Fish et al., "Blind
deconvolution by means of the Richardson-Lucy algorithm", JOSA A 1995. Both start from what is
known: the blurred image, and equal weights in a square whose size is all that must be chosen. Each
step takes one ratio y / (psf * x), and from it both updates.

The likelihood hardly tells the weights: on photographs they stay close to equal, and it is the size
that decides. Equal weights in a square of side n spread by sqrt((n^2 - 1) / 12): for a Gaussian
that is n = 3.5 sigma. Too large a square is worse than none, too small a one costs less: the
default is for blur of about degree 3, and spoils images of degree 1.

Deviations: without MATLAB's acceleration, which here halves the number of steps to the best image
and then drives the weights away from it. Ten steps are MATLAB's default. Colour images have one
point spread function, estimated from the mean of the channels. Borders are mirrored.
"""

import cv2
import numpy as np

from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.parameters import Integer

from .method import Method
from .parameters import OddSize
from .point_spread import correlate
from .richardson_lucy import TINY, observed, restored

PARAMETERS = dict(
    size=OddSize(1, 255, unit='pixels', doc='side of the point spread function; 1: no blur'),
    iterations=Integer(0, 10000, doc='steps; 0 changes nothing'),
)


def blind_deconvolution(img: np.ndarray, size: int = 9, iterations: int = 10) -> np.ndarray:
    """Deconvolve by a point spread function that is estimated on the way.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        size: side of the point spread function in pixels, odd, 1 to 255; 1 returns a copy.
        iterations: steps, 0 to 10000; 0 returns a copy.

    Returns:
        A new array like ``img``, 0 or more; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    size = PARAMETERS['size'].check('size', size)
    iterations = PARAMETERS['iterations'].check('iterations', iterations)
    if size == 1 or iterations == 0:
        return img.copy()
    return restored(alternate(observed(img), size, iterations)[0], img)


def alternate(y: np.ndarray, size: int, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """Image and point spread function after some steps.

    Args:
        y: (H, W) or (H, W, C > 1) float, 0 or more.
        size: odd.
        iterations: 0 or more.

    Returns:
        An array like ``y``; (size, size) float64, sum 1.
    """
    x, y_grey = y, _grey(y)
    psf = np.full((size, size), 1 / size**2)
    for _ in range(iterations):
        blurred = np.maximum(correlate(x, np.ascontiguousarray(psf[::-1, ::-1])), TINY)
        ratio = y_grey / _grey(blurred)
        update = psf * _shifted_products(_grey(x), ratio, size)
        x = np.maximum(x * correlate(y / blurred, psf), 0)
        if update.sum() > 0:  # a black image says nothing
            psf = update / update.sum()
    return x, psf


def _grey(x: np.ndarray) -> np.ndarray:
    return x if x.ndim == 2 else x.mean(axis=2)


def _shifted_products(x: np.ndarray, ratio: np.ndarray, size: int) -> np.ndarray:
    """Sum of ratio(i) x(i - k) over all pixels i, for each place k of the point spread function."""
    reach = size // 2
    x = cv2.copyMakeBorder(x.astype(np.float32), reach, reach, reach, reach, cv2.BORDER_REFLECT_101)
    products = cv2.matchTemplate(x, ratio.astype(np.float32), cv2.TM_CCORR)[::-1, ::-1]
    return np.maximum(products, 0).astype(np.float64)


METHOD = Method(
    'blind_deconvolution',
    blind_deconvolution,
    PARAMETERS,
    undoes=('gblur', 'mblur', 'defocus'),
    source='deconvblind of MATLAB; Holmes et al. 1995, Fish et al. 1995',
)
