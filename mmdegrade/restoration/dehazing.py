"""What the dehazers share: the airlight, the refined map, and y = t x + (1 - t) A solved for x."""

import numpy as np

from mmdegrade.degradations.weather.guided_filter import guided_filter
from mmdegrade.degradations.weather.scattering import airlight_of_channels, working_dtype

# Share of the pixels that may be pure airlight.
_SHARE = 1 / 1000
# Guided filter: from this many pixels on, its weights are worked out on every fourth pixel.
_LARGE, _STEP = 128, 4
_DARKEST = 1 / 255


def to_unit(img: np.ndarray) -> np.ndarray:
    """(H, W, C) float on [0, 1], C = 1 for grey; values of a float image outside are cut off."""
    values = img.reshape(*img.shape[:2], -1).astype(working_dtype(img))
    if img.dtype == np.uint8:
        values /= 255
        return values
    return np.clip(values, 0, 1, out=values)


def brightest_of_hazy(values: np.ndarray, haziness: np.ndarray) -> list[float]:
    """Airlight: among the 0.1 % of most hazy pixels, the one of the largest mean of channels.

    Args:
        values: (H, W, C) float on [0, 1].
        haziness: (H, W) float. Pixels as hazy as the last of the 0.1 % count too; of equally bright
            ones the first in reading order is taken.

    Returns:
        C numbers on [0, 1].
    """
    haziness = haziness.ravel()
    count = max(1, int(haziness.size * _SHARE))
    least = np.partition(haziness, haziness.size - count)[haziness.size - count]
    pixels = values.reshape(haziness.size, -1)[haziness >= least]
    return [float(v) for v in pixels[np.argmax(pixels.mean(axis=1))]]


def light_of(airlight, values: np.ndarray, haziness: np.ndarray) -> np.ndarray:
    """The airlight given, or the one seen: (C,), above 0."""
    if airlight is None:
        airlight = brightest_of_hazy(values, haziness)
    light = np.array(airlight_of_channels(airlight, values), values.dtype)
    return np.maximum(light, _DARKEST)


def align(plane: np.ndarray, values: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Filter a map (H, W) so that its edges follow those of the image (H, W, C)."""
    if radius == 0:
        return plane
    guide = values if values.shape[2] == 3 else values.mean(axis=2)
    step = _STEP if min(plane.shape) >= _LARGE and radius >= _STEP else 1
    return guided_filter(guide, plane, radius, eps, subsample=step)


def clear(values: np.ndarray, t: np.ndarray, light: np.ndarray, img: np.ndarray) -> np.ndarray:
    """(y - A) / t + A on [0, 1], in the dtype, shape and scale of ``img``.

    Args:
        values: (H, W, C) float on [0, 1]; overwritten.
        t: (H, W), above 0.
        light: (C,).
        img: the hazy image.
    """
    values -= light
    values *= (1 / t)[..., None]
    values += light
    np.clip(values, 0, 1, out=values)
    if img.dtype == np.uint8:
        values *= 255
        values = np.rint(values, out=values).astype(np.uint8)
    return values.reshape(img.shape)
