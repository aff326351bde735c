"""Elastic deformation: pixels displaced by a smooth random field.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``elastic_transform``, in the form of
imagecorruptions; the idea is that of Simard, Steinkraus and Platt, ICDAR 2003): two fields of
independent U(-1, 1) times ``delta`` * H, blurred by a Gaussian of ``sigma`` * H rows and
``sigma`` * W columns (cut at 3 sigma) and multiplied by ``alpha``, displace rows and columns.
Interpolation is bilinear.

The image moves and its mask stays, as in the original: in a square image of any size by a standard
deviation of 0.081 * alpha (1.0 to 2.4 pixels at degrees 1-5) along each axis. Part of the error at
object borders is then the benchmark's own, so tables of mIoU usually leave this kind out.

Means: the uniform numbers have 16 bits. Float64 images are interpolated in float32. OpenCV 4
interpolates at whole 1/32 pixels.
"""

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image, like
from ..noise.integer_noise import random_words
from ..parameters import Real
from ..rng import as_generator

PARAMETERS = dict(
    alpha=Real(0, 10000, doc='multiplies the blurred field; 0 changes nothing'),
    sigma=Real(0, 0.1, unit='of the side', doc='of the blur of the field, along each side'),
    delta=Real(0, 1, unit='of the height', doc='largest number of the field before the blur'),
)


def _taps(sigma: float) -> np.ndarray:
    reach = int(3 * sigma + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    return taps / taps.sum()


def displacement(
    height: int, width: int, alpha: float, sigma: float = 0.01, delta: float = 0.005, rng=None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the displacement of each pixel, in pixels.

    Returns:
        ``(dy, dx)``, (height, width) float32 each: pixel (y, x) takes its colour from
        (y + dy, x + dx).
    """
    rng = as_generator(rng)
    size = height * width
    words = random_words(2 * size, rng).reshape(2, height, width)
    rows, columns = _taps(sigma * height), _taps(sigma * width)
    # Word k means (k + 1/2) / 2^15 - 1. As the weights sum to 1, that can wait for the blur.
    scale = alpha * delta * height / 2**15
    fields = []
    for field in words.astype(np.float32):
        field = cv2.sepFilter2D(field, -1, columns, rows, borderType=cv2.BORDER_REFLECT)
        field -= np.float32(2**15 - 0.5)
        field *= np.float32(scale)
        fields.append(field)
    return fields[0], fields[1]


def elastic_transform(
    img: np.ndarray, alpha: float, sigma: float = 0.01, delta: float = 0.005, rng=None
) -> np.ndarray:
    """Displace pixels by a smooth random field; what lies outside is mirrored.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; sides of up to 32,766 pixels.
        alpha: factor of the field, 0 to 10,000; 0 returns a copy.
        sigma: smoothness, as a multiple of the side, 0 to 0.1.
        delta: amplitude before the blur, as a multiple of the height, 0 to 1; 0 returns a copy.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter; a side too large for
            OpenCV.
    """
    img = check_image(img)
    alpha = PARAMETERS['alpha'].check('alpha', alpha)
    sigma = PARAMETERS['sigma'].check('sigma', sigma)
    delta = PARAMETERS['delta'].check('delta', delta)
    rng = as_generator(rng)
    height, width = img.shape[:2]
    if max(height, width) > 32766:
        raise ValueError(f'elastic needs sides of up to 32766 pixels, got shape {img.shape}')
    if alpha == 0 or delta == 0:
        return img.copy()
    y, x = displacement(height, width, alpha, sigma, delta, rng)
    y += np.arange(height, dtype=np.float32)[:, None]
    x += np.arange(width, dtype=np.float32)
    # OpenCV 5 interpolates float64 less finely than float32.
    source = img.astype(np.float32) if img.dtype == np.float64 else img
    out = cv2.remap(source, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return like(out.astype(img.dtype, copy=False), img)


KINDS = (
    Degradation(
        'elastic',
        elastic_transform,
        PARAMETERS,
        steps('alpha', 12.5, 16.25, 21.25, 25, 30),
        source='ImageNet-C',
    ),
)
