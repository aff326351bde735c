"""Snow: flakes drawn out by the wind over a whitened image.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``snow``, in the form of imagecorruptions):
Gaussian noise N(mean, std^2), enlarged ``zoom`` times by bilinear interpolation; values below
``threshold`` become 0, those above 1 become 1; the rest is drawn out by `gaussian_motion_kernel`
in a direction from U(45, 135) degrees. With this layer s, its half turn s' and the luma l,

    y = keep x + (1 - keep) max(x, 1.5 l + 0.5) + s + s', clipped.

Deviations: the flakes are not rounded to 256 levels in between; only as much noise is drawn as is
seen. Images without exactly three channels count as grey, each channel being its own luma.
"""

import math

import cv2
import numpy as np

from ..blur.motion_gaussian import gaussian_motion_kernel
from ..blur.sparse_filter import filter_sparse
from ..degradation import Degradation
from ..images import check_image, like, zero_below
from ..noise.normal import standard_normal
from ..parameters import Choice, Integer, Real
from ..rng import as_generator
from .scattering import spread, working_dtype

PARAMETERS = dict(
    mean=Real(-10, 10, doc='of the noise that becomes flakes'),
    std=Real(0, 10, doc='of that noise'),
    zoom=Real(1, 100, doc='size of flakes, in pixels'),
    threshold=Real(-10, 10, doc='noise below it is no flake'),
    radius=Integer(0, 100, unit='pixels', doc='half the length of the trail'),
    sigma=Real(0, 1000, unit='pixels', doc='of the weights along the trail'),
    keep=Real(0, 1, doc='share of the image that is not whitened'),
    angle=Real(-360, 360, unit='degrees', words=('random',), doc='of the trail, counter-clockwise'),
    order=Choice(('bgr', 'rgb'), doc='of the three channels'),
)


def flakes(
    height: int,
    width: int,
    mean: float,
    std: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    angle: float,
    rng,
) -> np.ndarray:
    """The layer of snow, (height, width) float32 on [0, 1]; arguments as for `snow`."""
    rows, columns = math.ceil(height / zoom), math.ceil(width / zoom)
    noise = standard_normal(rows * columns, as_generator(rng)).reshape(rows, columns)
    noise *= np.float32(std)
    noise += np.float32(mean)
    if zoom > 1:
        # As scipy.ndimage.zoom: the outermost points of both grids coincide.
        step_y = (rows - 1) / max(round(rows * zoom) - 1, 1)
        step_x = (columns - 1) / max(round(columns * zoom) - 1, 1)
        noise = cv2.warpAffine(
            noise,
            np.array([[step_x, 0, 0], [0, step_y, 0]]),
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    noise = zero_below(noise, threshold)
    np.clip(noise, 0, 1, out=noise)
    return filter_sparse(noise, gaussian_motion_kernel(radius, sigma, angle)).reshape(height, width)


def snow(
    img: np.ndarray,
    mean: float,
    std: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    keep: float,
    angle: float | str = 'random',
    order: str = 'bgr',
    rng=None,
) -> np.ndarray:
    """Whiten the image and add flakes.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        mean, std: of the noise that becomes flakes, on the scale 0 (nothing) to 1 (white).
        zoom: size of flakes in pixels before they are drawn out, 1 to 100.
        threshold: noise below it is no flake.
        radius, sigma: of the trail, as for `gaussian_motion_blur`.
        keep: share of the image that is not whitened, 0 to 1.
        angle: of the trail, degrees counter-clockwise, or ``'random'`` for a draw from U(45, 135).
        order: 'bgr' or 'rgb', for the luma of images of three channels.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once, float is clipped
        to [0, 1].

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    given = dict(mean=mean, std=std, zoom=zoom, threshold=threshold, radius=radius, sigma=sigma)
    given = {name: PARAMETERS[name].check(name, value) for name, value in given.items()}
    keep = PARAMETERS['keep'].check('keep', keep)
    angle = PARAMETERS['angle'].check('angle', angle)
    order = PARAMETERS['order'].check('order', order)
    rng = as_generator(rng)
    if angle == 'random':
        angle = draw_angle(rng)
    layer = flakes(*img.shape[:2], **given, angle=angle, rng=rng)
    layer = cv2.add(layer, cv2.flip(layer, -1)).reshape(layer.shape)

    white = 255 if img.dtype == np.uint8 else 1
    dtype = working_dtype(img)
    x = img.astype(dtype)
    if img.ndim == 3 and img.shape[2] == 3:
        weights = np.array([[0.299, 0.587, 0.114]])
        luma = cv2.transform(x, weights[:, ::-1] if order == 'bgr' else weights)
    else:
        luma = x.copy()
    luma *= dtype(1.5)
    luma += dtype(0.5 * white)
    wide = np.empty_like(x)
    pale = spread(luma, wide) if luma.ndim == 2 and x.ndim == 3 else luma.reshape(x.shape)
    out = np.maximum(x, pale, out=wide)
    out *= dtype(1 - keep)
    x *= dtype(keep)
    out += x
    out += spread(layer.astype(dtype) * dtype(white), x)
    return like(out if img.dtype == np.uint8 else np.clip(out, 0, 1, out=out), img)


def draw_angle(rng=None) -> float:
    """One angle in degrees from U(45, 135)."""
    return float(as_generator(rng).uniform(45, 135))


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the angle, if it is to be drawn."""
    if params['angle'] == 'random':
        params['angle'] = draw_angle(rng)
    return params


_NAMES = ('mean', 'std', 'zoom', 'threshold', 'radius', 'sigma', 'keep')

KINDS = (
    Degradation(
        'snow',
        snow,
        PARAMETERS,
        tuple(
            dict(zip(_NAMES, values, strict=True))
            for values in (
                (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
                (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
                (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
                (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
                (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
            )
        ),
        source='ImageNet-C',
        settle=settle,
    ),
)
