"""Richardson-Lucy deconvolution: undo a known blur step by step, without going below 0.

W. H. Richardson, "Bayesian-Based Iterative Method of Image Restoration", JOSA 1972; L. B. Lucy, "An
iterative technique for the rectification of observed distributions", Astronomical Journal 1974:
x <- x * H^T(y / H x), the maximum likelihood under Poisson noise.

Accelerated unless asked otherwise: D. S. C. Biggs and M. Andrews, "Acceleration of iterative image
restoration algorithms", Applied Optics 1997, as MATLAB's ``deconvlucy``: each step starts from
x + a (x - x_before), a on [0, 1] being how well the last step predicted the one before. Some 30
steps then do what 100 and more do without.

Decisions: it starts from the blurred image. H^T is the same blur turned by half a turn, with the
same mirrored borders. Values below 0 (unclipped noise) count as 0.
"""

import numpy as np

from mmdegrade.degradations.images import check_image, like
from mmdegrade.degradations.parameters import Flag, Integer
from mmdegrade.degradations.weather.scattering import working_dtype

from .method import Method
from .parameters import PointSpread
from .point_spread import Blur

PARAMETERS = dict(
    psf=PointSpread(doc='what a point became'),
    iterations=Integer(0, 10000, doc='steps; 0 changes nothing'),
    accelerate=Flag(doc='predict each step; None: True'),
)

# Below any value of an 8-bit image but 0, above rounding in float32.
TINY = 1e-5


def richardson_lucy(
    img: np.ndarray, psf, iterations: int = 30, accelerate: bool | None = True
) -> np.ndarray:
    """Deconvolve by multiplicative updates.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        psf: (rows, columns) of weights 0 or more, both odd, of any sum; or a blur such as
            ``dict(kind='gblur', sigma=3)``.
        iterations: steps, 0 to 10000; more are sharper and noisier. 0 returns a copy.
        accelerate: whether to predict each step from the ones before.

    Returns:
        A new array like ``img``, 0 or more; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    psf = PARAMETERS['psf'].check('psf', psf)
    iterations = PARAMETERS['iterations'].check('iterations', iterations)
    accelerate = PARAMETERS['accelerate'].check('accelerate', accelerate)
    if iterations == 0:
        return img.copy()
    y = observed(img)
    blur = Blur(psf)
    x = before = y
    step = None
    momentum = 0.0
    for _ in range(iterations):
        start = x
        if momentum > 0:
            start = np.maximum(x + y.dtype.type(momentum) * (x - before), 0)
        before = x
        x = start * blur.transpose(y / np.maximum(blur(start), TINY))
        np.maximum(x, 0, out=x)  # rounding of Fourier transforms
        if accelerate is not False:
            last, step = step, x - start
            momentum = 0.0 if last is None else _agreement(step, last)
    return restored(x, img)


def _agreement(step: np.ndarray, last: np.ndarray) -> float:
    """How much of the last step is in this one, on [0, 1]."""
    length = np.vdot(last, last)
    return float(np.clip(np.vdot(step, last) / length, 0, 1)) if length > 0 else 0.0


def observed(img: np.ndarray) -> np.ndarray:
    """The image as float on [0, 1], 0 or more, without a channel axis of length 1."""
    y = img.astype(working_dtype(img))
    if img.dtype == np.uint8:
        y /= 255
    if y.ndim == 3 and y.shape[2] == 1:
        y = y[..., 0]
    return np.maximum(y, 0, out=y)


def restored(x: np.ndarray, img: np.ndarray) -> np.ndarray:
    """Undo `observed`: the shape, dtype and scale of ``img``."""
    return like(x * 255 if img.dtype == np.uint8 else x, img)


METHOD = Method(
    'richardson_lucy',
    richardson_lucy,
    PARAMETERS,
    undoes=('gblur', 'mblur', 'mblur_gaussian', 'defocus'),
    source='Richardson 1972, Lucy 1974; Biggs and Andrews 1997',
)
