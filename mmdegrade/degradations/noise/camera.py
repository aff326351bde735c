"""Noise of a camera: it strikes the raw mosaic in linear light, before the picture is made.

    light     L = f^-1(x)                          inverse camera response
    raw       R = min(max(M(L) + n, 0), 1), n ~ N(0, sigma_s M(L) + sigma_c)       M: Bayer mosaic
    picture   y = JPEG(f(DM(R)))                   DM: demosaicing; JPEG if asked

Guo et al., "Toward Convolutional Blind Denoising of Real Photographs" (CBDNet), CVPR 2019.
``sigma_s`` (shot noise) and ``sigma_c`` (read noise) are variances, where CBDNet writes their
roots. Both can be drawn as in Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR
2019, with rounded constants: ln sigma_s ~ U(ln 1e-4, ln 1e-2), ln sigma_c = 2.2 ln sigma_s + 1.2 +
N(0, 0.26^2).

Simplified: f is the sRGB curve, where CBDNet draws one of 201 measured ones; the camera's colours
are those of the picture (no colour matrix, no white balance, which are undone after the noise).
Demosaicing is bilinear. Degrees 1-5 are ours: sigma_s from end to end of its range in even factors,
with sigma_c at its mean.

Images without exactly three channels have no mosaic: every value is a sensor of its own. The noise
is `standard_normal`, the same numbers in every dtype.
"""

import math

import cv2
import numpy as np

from ..degradation import Degradation
from ..digital.jpeg import jpeg_compression
from ..images import check_image
from ..parameters import Choice, Flag, OptionalInteger, Real
from ..rng import as_generator
from .bayer import PATTERNS, from_bayer, to_bayer
from .normal import standard_normal
from .response import from_linear, from_linear_uint8, to_linear

_BLOCK = 1 << 16  # values; fresh megabytes would cost more than the arithmetic
_VARIANCE = Real(0, 1, words=('random',), doc='variance, of light on [0, 1]')
PARAMETERS = dict(
    sigma_s=_VARIANCE,
    sigma_c=_VARIANCE,
    mosaic=Flag(doc='Bayer mosaic; None: for three channels'),
    pattern=Choice((*PATTERNS, 'random'), doc='of the mosaic, from the top left'),
    jpeg_quality=OptionalInteger(0, 100, doc='None: no JPEG'),
    order=Choice(('bgr', 'rgb'), doc='of three channels'),
)


def mean_sigma_c(sigma_s: float) -> float:
    """Read noise that goes with a shot noise: exp(2.2 ln sigma_s + 1.2)."""
    return math.exp(2.2 * math.log(sigma_s) + 1.2) if sigma_s else 0.0


def camera_noise(
    img: np.ndarray,
    sigma_s: float | str,
    rng,
    sigma_c: float | str = 'random',
    mosaic: bool | None = None,
    pattern: str = 'RGGB',
    jpeg_quality: int | None = None,
    order: str = 'bgr',
) -> np.ndarray:
    """Add the noise of a sensor to the light behind an image and make the picture again.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; values outside [0, 1] count as its ends.
        sigma_s: variance of the noise at light 1, on [0, 1]: 1e-4 (weak) to 1e-2; or ``'random'``.
        rng: `numpy.random.Generator`, int seed or None.
        sigma_c: variance at light 0, or ``'random'``, which depends on ``sigma_s``.
        mosaic: whether the sensor sees one colour a pixel, which spreads the noise over
            neighbours; None is True for three channels. Without, ``sigma_s = sigma_c = 0`` changes
            nothing; with it, demosaicing still does.
        pattern: ``'RGGB'``, ``'BGGR'``, ``'GRBG'``, ``'GBRG'`` or ``'random'``.
        jpeg_quality: 0 to 100, store the picture by `jpeg_compression` at last; None: not.
        order: ``'bgr'`` or ``'rgb'``, for mosaic and JPEG.

    Returns:
        A new array like ``img``, in every dtype from black to white ([0, 1]): a sensor saturates.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter; ``mosaic=True``
            without three channels.
    """
    img = check_image(img)
    given = dict(
        sigma_s=sigma_s,
        sigma_c=sigma_c,
        mosaic=mosaic,
        pattern=pattern,
        jpeg_quality=jpeg_quality,
        order=order,
    )
    params = {name: checker.check(name, given[name]) for name, checker in PARAMETERS.items()}
    rng = as_generator(rng)
    params = settle(params, img, rng)
    sigma_s, sigma_c = params['sigma_s'], params['sigma_c']
    if params['mosaic']:
        out = _with_mosaic(img, sigma_s, sigma_c, params['pattern'], order, rng)
    elif sigma_s or sigma_c:
        out = _without_mosaic(img, sigma_s, sigma_c, rng)
    else:
        out = img.copy()
    out = out.reshape(img.shape)
    if params['jpeg_quality'] is not None:
        out = jpeg_compression(out, params['jpeg_quality'], order)
    return out


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw what is to be drawn and decide whether there is a mosaic.

    Raises:
        ValueError: ``mosaic=True`` for an image without three channels.
    """
    if params['sigma_s'] == 'random':
        params['sigma_s'] = math.exp(rng.uniform(math.log(1e-4), math.log(1e-2)))
    if params['sigma_c'] == 'random':
        scatter = math.exp(rng.normal(0, 0.26))
        params['sigma_c'] = min(mean_sigma_c(params['sigma_s']) * scatter, 1.0)
    if params['pattern'] == 'random':
        params['pattern'] = PATTERNS[rng.integers(len(PATTERNS))]
    colours = img.ndim == 3 and img.shape[2] == 3
    if params['mosaic'] is None:
        params['mosaic'] = colours
    elif params['mosaic'] and not colours:
        raise ValueError(f'mosaic=True needs an image of three channels, got shape {img.shape}')
    return params


def _noisy_light(picture: np.ndarray, sigma_s: float, sigma_c: float, rng) -> np.ndarray:
    """(rows, columns) uint8 or float picture -> light with noise, cut to [0, 1], float."""
    noise = standard_normal(picture.size, rng).reshape(picture.shape)
    if picture.dtype == np.uint8:
        level = to_linear(np.arange(256) / 255)
        light = cv2.LUT(picture, level.astype(np.float32))
        noise *= cv2.LUT(picture, np.sqrt(sigma_s * level + sigma_c).astype(np.float32))
    else:
        light = to_linear(np.minimum(picture, 1))
        noise = noise * np.sqrt(sigma_s * light + sigma_c)
    light += noise
    return np.clip(light, 0, 1, out=light)


def _picture(light: np.ndarray, dtype) -> np.ndarray:
    return from_linear_uint8(light) if dtype == np.uint8 else from_linear(light).astype(dtype)


def _without_mosaic(img, sigma_s, sigma_c, rng) -> np.ndarray:
    values = img.reshape(1, -1)
    out = np.empty_like(values)
    for start in range(0, img.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        light = _noisy_light(values[:, block], sigma_s, sigma_c, rng)
        out[:, block] = _picture(light, img.dtype)
    return out


def _with_mosaic(img, sigma_s, sigma_c, pattern, order, rng) -> np.ndarray:
    height, width = img.shape[:2]
    # A single row or column lacks a colour: a copy of it beside it has it.
    img = np.repeat(img, 2, axis=0) if height == 1 else img
    img = np.repeat(img, 2, axis=1) if width == 1 else img
    raw = _noisy_light(to_bayer(img, pattern, order), sigma_s, sigma_c, rng)
    # One plane after the other, so that few megabytes live at a time.
    planes = [_picture(from_bayer(raw, pattern, c), img.dtype) for c in order.upper()]
    picture = cv2.merge(planes)
    return np.ascontiguousarray(picture[:height, :width])


KINDS = (
    Degradation(
        'camera',
        camera_noise,
        PARAMETERS,
        tuple(
            dict(sigma_s=sigma_s, sigma_c=mean_sigma_c(sigma_s))
            for sigma_s in (10**-4, 10**-3.5, 10**-3, 10**-2.5, 10**-2)
        ),
        source='range of CBDNet in even factors',
        settle=settle,
    ),
)
