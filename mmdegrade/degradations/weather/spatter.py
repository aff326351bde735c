"""Spatter: drops of water or mud on the lens.

Degrees 1-5 follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019; ``spatter``): Gaussian noise N(mean, std^2),
blurred with ``sigma``, is liquid from ``threshold`` on. Degrees 1-3 are water: the amount of liquid
times its distance to the nearest edge of a drop, sharpened, scaled to ``opacity`` at its maximum,
adds pale turquoise. Degrees 4 and 5 are mud: the mask of the drops is blurred by ``softness``, kept
from 0.8, and mixes in brown. Borders are repeated in these blurs.

Deviation: where there is no drop at all the image stays as it is (published: division by zero).
Images without exactly three channels count as grey and get the luma of the colour.
"""

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import check_image, zero_below
from ..noise.normal import standard_normal
from ..parameters import Choice, Real
from ..rng import as_generator
from .scattering import spread, working_dtype

PARAMETERS = dict(
    mean=Real(-10, 10, doc='of the noise that becomes drops'),
    std=Real(0, 10, doc='of that noise'),
    sigma=Real(0, 100, unit='pixels', doc='of its blur: size of the drops'),
    threshold=Real(-10, 10, doc='blurred noise below it is no liquid'),
    liquid=Choice(('water', 'mud')),
    opacity=Real(0, 1, doc='water: largest share of its colour; 0 changes nothing'),
    softness=Real(0, 100, unit='pixels', doc='mud: standard deviation of the blur of drops'),
    order=Choice(('bgr', 'rgb'), doc='of the three channels'),
)

# Red, green, blue.
_COLOURS = {'water': (175, 238, 238), 'mud': (63, 42, 20)}
_SHARPEN = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.float32)


def _smooth(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian up to 4 sigma, as scikit-image's."""
    reach = int(4 * sigma + 0.5)
    if reach == 0:
        return plane
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    taps /= taps.sum()
    out = cv2.sepFilter2D(plane, -1, taps, taps, borderType=cv2.BORDER_REPLICATE)
    return out.reshape(plane.shape)


def water(layer: np.ndarray, opacity: float) -> np.ndarray:
    """Share of the colour of water from the amount of liquid, both (H, W) float32.

    The published sequence of OpenCV's filters, on 256 levels.
    """
    grey = (layer * 255).astype(np.uint8)
    distance = cv2.distanceTransform(255 - cv2.Canny(grey, 50, 150), cv2.DIST_L2, 5)
    distance = cv2.blur(np.minimum(distance, 20), (3, 3)).astype(np.uint8)
    distance = cv2.filter2D(cv2.equalizeHist(distance), cv2.CV_8U, _SHARPEN)
    share = cv2.blur(distance, (3, 3)).astype(np.float32).reshape(layer.shape)
    share *= grey
    top = float(share.max())
    if top > 0:
        share *= np.float32(opacity / top)
    return share


def mud(layer: np.ndarray, threshold: float, softness: float) -> np.ndarray:
    """Share of the colour of mud from the amount of liquid, both (H, W) float32."""
    share = _smooth((layer > threshold).astype(np.float32), softness)
    return zero_below(share, 0.8)


def spatter(
    img: np.ndarray,
    mean: float,
    std: float,
    sigma: float,
    threshold: float,
    liquid: str = 'water',
    opacity: float = 0.6,
    softness: float = 1.5,
    order: str = 'bgr',
    rng=None,
) -> np.ndarray:
    """Put drops of water or mud over the image.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        mean, std: of the noise that becomes drops.
        sigma: standard deviation of its Gaussian blur in pixels, 0 to 100.
        threshold: blurred noise below it is no liquid.
        liquid: 'water' or 'mud'.
        opacity: of water at its thickest, 0 to 1; 0 returns a copy.
        softness: of the borders of mud, pixels, 0 to 100.
        order: 'bgr' or 'rgb', for the colour of the liquid.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once, float is clipped
        to [0, 1].

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    given = dict(mean=mean, std=std, sigma=sigma, threshold=threshold, liquid=liquid)
    given |= dict(opacity=opacity, softness=softness, order=order)
    given = {name: PARAMETERS[name].check(name, value) for name, value in given.items()}
    rng = as_generator(rng)
    height, width = img.shape[:2]
    layer = standard_normal(height * width, rng).reshape(height, width)
    if given['liquid'] == 'water' and given['opacity'] == 0:
        return img.copy()
    layer *= np.float32(given['std'])
    layer += np.float32(given['mean'])
    layer = _smooth(layer, given['sigma'])
    layer = zero_below(layer, given['threshold'])
    if given['liquid'] == 'water':
        share = water(layer, given['opacity'])
    else:
        share = mud(layer, given['threshold'], given['softness'])
    return _mix(img, share, given['liquid'], given['order'])


def _mix(img: np.ndarray, share: np.ndarray, liquid: str, order: str) -> np.ndarray:
    """Add the colour of water, or mix in that of mud."""
    dtype = working_dtype(img)
    depth = cv2.CV_64F if dtype is np.float64 else cv2.CV_32F
    colour = np.array(_COLOURS[liquid]) / (1 if img.dtype == np.uint8 else 255)
    share = share.astype(dtype, copy=False)
    if img.ndim == 3 and img.shape[2] == 3:
        colour = colour[::-1] if order == 'bgr' else colour
        added = cv2.merge([share * dtype(c) for c in colour])
    else:
        grey = np.dot(colour, (0.299, 0.587, 0.114))
        added = spread(share * dtype(grey), np.empty(img.shape, dtype))
    # Flat, because OpenCV reads some small arrays as scalars.
    flat, added = img.reshape(1, -1), added.reshape(1, -1)
    if liquid == 'mud':
        keep = spread(1 - share, np.empty(img.shape, dtype))
        flat = cv2.multiply(flat, keep.reshape(1, -1), dtype=depth)
    if img.dtype == np.uint8:
        return cv2.add(flat, added, dtype=cv2.CV_8U).reshape(img.shape)
    out = cv2.add(flat, added, dtype=depth)
    return np.clip(out, 0, 1, out=out).reshape(img.shape)


_NAMES = ('mean', 'std', 'sigma', 'threshold', 'liquid')

KINDS = (
    Degradation(
        'spatter',
        spatter,
        PARAMETERS,
        (
            dict(zip(_NAMES, (0.65, 0.3, 4, 0.69, 'water'), strict=True), opacity=0.6),
            dict(zip(_NAMES, (0.65, 0.3, 3, 0.68, 'water'), strict=True), opacity=0.6),
            dict(zip(_NAMES, (0.65, 0.3, 2, 0.68, 'water'), strict=True), opacity=0.5),
            dict(zip(_NAMES, (0.65, 0.3, 1, 0.65, 'mud'), strict=True), softness=1.5),
            dict(zip(_NAMES, (0.67, 0.4, 1, 0.65, 'mud'), strict=True), softness=1.5),
        ),
        source='ImageNet-C',
    ),
)
