"""Frost on a window pane before the camera: y = keep x + weight f, clipped.

Degrees 1-5 (keep, weight) follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network
Robustness to Common Corruptions and Perturbations", ICLR 2019; ``frost``).

Deviation: f is drawn, not photographed. ImageNet-C cuts f out of photographs of frosted glass; here
four panes are grown by rule (`frost_pane`): feathers of ice over a cloud. Their brightness and
contrast are those measured on the photographs (mean grey 131, 207, 152 and 123, standard deviation
19, 22, 28 and 42), as is the bluish tint, and they come at the same rates: the brightest counts
twice, as ImageNet-C has it under two names and never draws its sixth picture. So the loss of
contrast agrees, the pattern does not.

Each image gets a random part of a random pane of 1024 x 1024 pixels, turned over at random. Panes
are made once a process (0.1 s each). Images with a side above 1024 get panes enlarged to 1.1 times
their longer side (published: likewise, to cover the image with a photograph).
"""

import math

import cv2
import numpy as np

from ..degradation import Degradation
from ..images import check_image
from ..parameters import Choice, Real
from ..rng import as_generator
from .frost_pane import SIDE, pane
from .scattering import spread

PARAMETERS = dict(
    keep=Real(0, 10, doc='factor of the image'),
    weight=Real(0, 10, doc='factor of the frost; 0 with keep 1 changes nothing'),
    order=Choice(('bgr', 'rgb'), doc='of the three channels'),
)

# How often each pane is used, in fifths.
_RATES = (0, 1, 1, 2, 3)


def _part(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A random part of a random pane, (height, width, 3) uint8, blue first."""
    whole = pane(_RATES[int(rng.integers(len(_RATES)))])
    turned, upside_down, mirrored = (bool(flag) for flag in rng.integers(0, 2, 3))
    scale = max(height, width) / SIDE * 1.1 if max(height, width) > SIDE else 1.0
    rows, columns = math.ceil(height / scale), math.ceil(width / scale)
    if turned:
        rows, columns = columns, rows
    top = int(rng.integers(0, SIDE - rows, endpoint=True))
    left = int(rng.integers(0, SIDE - columns, endpoint=True))
    part = whole[top : top + rows, left : left + columns]
    if turned:
        part = cv2.transpose(part)
    if upside_down:
        part = cv2.flip(part, 0)
    if mirrored:
        part = cv2.flip(part, 1)
    if scale > 1:
        part = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(part)


def frost(img: np.ndarray, keep: float, weight: float, order: str = 'bgr', rng=None) -> np.ndarray:
    """Darken the image and add a frosted pane.

    Args:
        img: (H, W) or (H, W, C), uint8 or float. Without exactly three channels, each gets the
            luma of the pane.
        keep: factor of the image, 0 to 10.
        weight: factor of the pane, 0 to 10. With 0, and ``keep`` 1, a copy is returned.
        order: 'bgr' or 'rgb', for the tint.
        rng: `numpy.random.Generator`, int seed or None.

    Returns:
        A new array like ``img``; uint8 is rounded once, float is clipped to [0, 1].

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    keep = PARAMETERS['keep'].check('keep', keep)
    weight = PARAMETERS['weight'].check('weight', weight)
    order = PARAMETERS['order'].check('order', order)
    rng = as_generator(rng)
    ice = _part(*img.shape[:2], rng)
    if keep == 1 and weight == 0:
        return img.copy()
    if img.ndim == 3 and img.shape[2] == 3:
        ice = cv2.cvtColor(ice, cv2.COLOR_BGR2RGB) if order == 'rgb' else ice
    else:
        grey = cv2.cvtColor(ice, cv2.COLOR_BGR2GRAY)
        ice = spread(grey, np.empty(img.shape, np.uint8)).reshape(img.shape)
    # Flat, because OpenCV reads some small arrays as scalars.
    if img.dtype == np.uint8:
        out = cv2.addWeighted(img.reshape(1, -1), keep, ice.reshape(1, -1), weight, 0)
        return out.reshape(img.shape)
    out = img * img.dtype.type(keep)
    out += ice * img.dtype.type(weight / 255)
    return np.clip(out, 0, 1, out=out)


KINDS = (
    Degradation(
        'frost',
        frost,
        PARAMETERS,
        tuple(
            dict(keep=keep, weight=weight)
            for keep, weight in ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75))
        ),
        source='ImageNet-C; pattern ours',
    ),
)
