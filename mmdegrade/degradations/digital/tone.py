"""Brightness, contrast and saturation.

Degrees follow ImageNet-C (Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to
Common Corruptions and Perturbations", ICLR 2019): ``brightness`` adds to the value V of HSV,
``contrast`` shrinks the distance to each channel's mean over the image, ``saturate`` scales and
shifts the saturation S of HSV.

Nothing is converted to HSV and back: with V = max and S = (max - min) / max of a pixel's channels,
a new V' multiplies all channels by V' / V, and a new S' multiplies their distances to the maximum
by S' / S. Grey pixels have no hue; as in the published code it counts as red, so a shift of S
tints them red. Images without exactly three channels count as grey: brightness is added to each
channel, saturation changes nothing (published: the red channel of the tinted grey, which is the
same).

Deviation: rounded, where the published benchmark cuts to whole grey levels.
"""

import functools

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Choice, Real

BRIGHTNESS = dict(shift=Real(0, 1, doc='added to the value of HSV on [0, 1]; 0 changes nothing'))
CONTRAST = dict(factor=Real(0, 1, doc='of the distance to the mean; 1 changes nothing'))
SATURATE = dict(
    scale=Real(0, 1000, doc='multiplies the saturation of HSV'),
    shift=Real(0, 1, doc='is added to it'),
    order=Choice(('bgr', 'rgb'), doc='of the three channels; decides where red is'),
)


def _extremes(img: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest and smallest of three channels."""
    a, b, c = cv2.split(img)
    return cv2.max(cv2.max(a, b), c), cv2.min(cv2.min(a, b), c)


def _is_colour(img: np.ndarray) -> bool:
    return img.ndim == 3 and img.shape[2] == 3


def brightness(img: np.ndarray, shift: float) -> np.ndarray:
    """Add to the value of HSV, limited to 1.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; any order of channels.
        shift: 0 to 1, where 1 is white; 0 returns a copy.

    Returns:
        A new array like ``img``; uint8 is rounded once, float is clipped to [0, 1].

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    shift = BRIGHTNESS['shift'].check('shift', shift)
    if shift == 0:
        return img.copy()
    white = 255 if img.dtype == np.uint8 else 1
    levels = np.arange(256.0)
    if not _is_colour(img):
        if img.dtype == np.uint8:
            table = np.rint(np.minimum(levels + shift * white, white)).astype(np.uint8)
            return cv2.LUT(img, table).reshape(img.shape)
        return np.clip(img + img.dtype.type(shift), 0, 1)
    if img.dtype != np.uint8:
        img = np.clip(img, 0, 1)  # where HSV is defined
    if img.dtype == np.uint8:
        ratio = np.minimum(levels + shift * white, white) / np.maximum(levels, 1)
        return _scale_by_value(img, ratio.astype(np.float32), np.rint(shift * white))
    value, _ = _extremes(img)
    # Divided first: the quotient is at most 1 however small the value.
    out = img / cv2.merge([np.where(value > 0, value, 1)] * 3)
    out *= cv2.merge([np.minimum(value + img.dtype.type(shift), 1)] * 3)
    black = value == 0
    if black.any():
        out[black] = shift
    return out


def _scale_by_value(img: np.ndarray, ratio: np.ndarray, of_black: float) -> np.ndarray:
    """Multiply each pixel of three uint8 channels by the ratio for its value of HSV.

    Args:
        img: (H, W, 3) uint8.
        ratio: (256,) float32, by value; entry 0 is overwritten.
        of_black: what black becomes.
    """
    # Channel by channel: no array of the ratio of every value has to be made.
    channels = cv2.split(img)
    value = cv2.max(cv2.max(channels[0], channels[1]), channels[2])
    if cv2.countNonZero(value) < value.size:
        # Black is taken for 1, and its ratio for the result.
        one = cv2.threshold(value, 0, 1, cv2.THRESH_BINARY_INV)[1]
        channels = [cv2.max(channel, one) for channel in channels]
        ratio[0] = of_black
    ratio = cv2.LUT(value, ratio)
    return cv2.merge([cv2.multiply(channel, ratio, dtype=cv2.CV_8U) for channel in channels])


def _gives(matrix: np.ndarray, tables: np.ndarray) -> bool:
    """Whether cv2.transform by (3, 4) ``matrix`` does what the (256, 3) ``tables`` do."""
    levels = np.repeat(np.arange(256, dtype=np.uint8), 6).reshape(256, 2, 3)
    # Whole vectors, and what is left over at the end of a row: OpenCV has code for either.
    whole, rest = levels[None, :, 0].copy(), levels[:, :1]
    return np.array_equal(cv2.transform(whole, matrix)[0], tables) and np.array_equal(
        cv2.transform(rest, matrix)[:, 0], tables
    )


def contrast(img: np.ndarray, factor: float) -> np.ndarray:
    """Shrink the distance to the mean of each channel over the image: (x - mean) factor + mean.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; any order of channels.
        factor: 0 to 1; 1 returns a copy.

    Returns:
        A new array like ``img``; uint8 is rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    factor = CONTRAST['factor'].check('factor', factor)
    if factor == 1:
        return img.copy()
    planes = img.reshape(*img.shape[:2], -1)
    channels = planes.shape[2]
    if channels <= 4:
        means = np.array(cv2.mean(planes)[:channels])
    else:
        means = planes.mean(axis=(0, 1), dtype=np.float64)
    if img.dtype == np.uint8:
        tables = (np.arange(256.0)[:, None] - means) * factor + means
        tables = np.rint(tables).astype(np.uint8)
        if channels == 3:
            # A fifth of the time of three tables, but in fixed point on some machines.
            matrix = np.column_stack([np.eye(3) * factor, means * (1 - factor)])
            if _gives(matrix, tables):
                return cv2.transform(img, matrix)
        return cv2.LUT(img, tables[None] if channels > 1 else tables[:, 0]).reshape(img.shape)
    # A whole row of means: several times as fast as three at a time.
    row = np.tile((means * (1 - factor)).astype(img.dtype), img.shape[1])
    out = img.reshape(img.shape[0], -1) * img.dtype.type(factor)
    out += row
    return out.reshape(img.shape)


@functools.lru_cache(maxsize=8)
def _saturation_table(scale: float, shift: float) -> np.ndarray:
    """S' / S for uint8: entry 256 * max + min, float32."""
    high, low = np.mgrid[0:256, 0:256].astype(np.float64)
    return _saturation_ratio(high, low, scale, shift).astype(np.float32).ravel()


def _saturation_ratio(high, low, scale: float, shift: float) -> np.ndarray:
    """S' / S; 1 for grey."""
    coloured = high > low
    saturation = (high - low) / np.where(coloured, high, 1)
    saturation[~coloured] = 1
    new = np.clip(saturation * scale + shift, 0, 1)
    return np.where(coloured, new / saturation, 1)


def saturate(img: np.ndarray, scale: float, shift: float = 0.0, order: str = 'bgr') -> np.ndarray:
    """Scale and shift the saturation of HSV, limited to [0, 1].

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        scale: 0 to 1000.
        shift: 0 to 1. With scale 1 and shift 0 a copy is returned.
        order: 'bgr' or 'rgb': which channel of a grey pixel counts as red.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once, float is clipped
        to [0, 1]. Without exactly three channels a copy.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or a parameter out of range.
    """
    img = check_image(img)
    scale = SATURATE['scale'].check('scale', scale)
    shift = SATURATE['shift'].check('shift', shift)
    order = SATURATE['order'].check('order', order)
    if not _is_colour(img) or (scale == 1 and shift == 0):
        return img.copy()
    if img.dtype != np.uint8:
        img = np.clip(img, 0, 1)  # where HSV is defined
    high, low = _extremes(img)
    if img.dtype == np.uint8:
        index = high.astype(np.uint16)
        index <<= 8
        index |= low
        ratio = _saturation_table(scale, shift).take(index)
    else:
        ratio = _saturation_ratio(high, low, scale, shift).astype(img.dtype)
    ratio, wide = cv2.merge([ratio] * 3), cv2.merge([high] * 3)
    if img.dtype == np.uint8:
        below = cv2.multiply(cv2.subtract(wide, img), ratio, dtype=cv2.CV_32F)
        out = cv2.subtract(wide, below, dtype=cv2.CV_8U)
        tinted = np.rint(high * (1 - shift)).astype(np.uint8)
    else:
        out = np.clip(wide - (wide - img) * ratio, 0, 1)
        tinted = high * img.dtype.type(1 - shift)
    grey = (high == low) & (high > 0)
    if shift and grey.any():
        red = 2 if order == 'bgr' else 0
        for channel in {0, 1, 2} - {red}:
            np.copyto(out[..., channel], tinted, where=grey)
    return out


KINDS = (
    Degradation(
        'brightness', brightness, BRIGHTNESS, steps('shift', 0.1, 0.2, 0.3, 0.4, 0.5), 'ImageNet-C'
    ),
    Degradation(
        'contrast', contrast, CONTRAST, steps('factor', 0.4, 0.3, 0.2, 0.1, 0.05), 'ImageNet-C'
    ),
    Degradation(
        'saturate',
        saturate,
        SATURATE,
        tuple(
            dict(scale=scale, shift=shift)
            for scale, shift in ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2))
        ),
        source='ImageNet-C',
    ),
)
