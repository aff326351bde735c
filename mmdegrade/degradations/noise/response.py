"""The camera response between light and picture: the sRGB curve (IEC 61966-2-1).

A power of 2.4 with a straight part near black, where a bare power would be infinitely steep and
blow up noise without bounds.
"""

import functools

import numpy as np

# Entries of the table for uint8, even in the square root of the light: the curve then has a slope
# below 1.5, and rounding to an entry moves a result by less than 0.001 grey levels.
_ENTRIES = 1 << 18


def to_linear(x: np.ndarray) -> np.ndarray:
    """Picture on [0, 1] -> light on [0, 1]; negative values count as 0, those above 1 go on."""
    x = np.maximum(x, 0)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def from_linear(light: np.ndarray) -> np.ndarray:
    """Inverse of `to_linear`."""
    light = np.maximum(light, 0)
    # Too large only for the branch that is not taken there.
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def from_linear_uint8(light: np.ndarray) -> np.ndarray:
    """`from_linear`, times 255 and rounded, fast.

    Args:
        light: float32 of any shape on [0, 1], overwritten.
    """
    np.sqrt(light, out=light)
    light *= np.float32(_ENTRIES - 1)
    light += np.float32(0.5)
    return _table().take(light.astype(np.int32))


@functools.cache
def _table() -> np.ndarray:
    root = np.arange(_ENTRIES) / (_ENTRIES - 1)
    return np.rint(255 * from_linear(root * root)).astype(np.uint8)
