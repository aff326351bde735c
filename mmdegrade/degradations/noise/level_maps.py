"""Maps of a noise level that varies linearly over the image, in one or two dimensions.

1D: from the first row (or column) to the last. 2D: in the distance to a pixel, 0 at the pixel and 1
at the corner farthest from it. Where there is nothing to vary over (a single row, a single pixel)
the level is that of the start.
"""

import math

import numpy as np

from ..parameters import Choice, Real

AXES = ('rows', 'columns')
DIRECTIONS = ('increasing', 'decreasing')
SIGMA = Real(0, 255, unit='grey levels', doc='largest standard deviation, on the 0-255 scale')
SIGMA_LOW = Real(0, 255, unit='grey levels', doc='smallest standard deviation')


def check_levels(sigma: float, sigma_low: float) -> tuple[float, float]:
    """Both levels as floats; raise TypeError or ValueError if they are out of range or order."""
    sigma = SIGMA.check('sigma', sigma)
    sigma_low = SIGMA_LOW.check('sigma_low', sigma_low)
    if sigma_low > sigma:
        raise ValueError(f'sigma_low must be at most sigma ({sigma:g}), got {sigma_low:g}')
    return sigma, sigma_low


def level_line(size: int, sigma: float, sigma_low: float, direction: str) -> np.ndarray:
    """Levels of ``size`` rows or columns: (size,) float32."""
    share = np.arange(size) / max(size - 1, 1)
    return _levels(share.astype(np.float32), sigma, sigma_low, direction)


def level_map_1d(
    height: int, width: int, sigma: float, sigma_low: float, axis: str, direction: str
) -> np.ndarray:
    """Standard deviation of `gaussian_noise_1d` at every pixel.

    Args:
        height, width: size of the image.
        sigma: largest level, grey levels, 0 to 255; so is the result.
        sigma_low: smallest level.
        axis: ``'rows'`` (every row has one level) or ``'columns'``.
        direction: ``'increasing'`` (first row or column lowest) or ``'decreasing'``.

    Returns:
        (height, width) float32.

    Raises:
        TypeError, ValueError: a parameter out of range, ``'random'`` included.
    """
    levels = check_levels(sigma, sigma_low)
    axis = Choice(AXES).check('axis', axis)
    direction = Choice(DIRECTIONS).check('direction', direction)
    if axis == 'rows':
        return np.repeat(level_line(height, *levels, direction)[:, None], width, axis=1)
    return np.repeat(level_line(width, *levels, direction)[None], height, axis=0)


def level_map_2d(
    height: int,
    width: int,
    sigma: float,
    sigma_low: float,
    centre_y: float,
    centre_x: float,
    direction: str,
) -> np.ndarray:
    """Standard deviation of `gaussian_noise_2d` at every pixel.

    Args:
        height, width: size of the image.
        sigma: largest level, grey levels, 0 to 255; so is the result.
        sigma_low: smallest level.
        centre_y, centre_x: row and column the distance is taken to, inside the image.
        direction: ``'increasing'`` (lowest at the centre) or ``'decreasing'``.

    Returns:
        (height, width) float32.

    Raises:
        TypeError, ValueError: a parameter out of range, ``'random'`` included.
    """
    levels = check_levels(sigma, sigma_low)
    direction = Choice(DIRECTIONS).check('direction', direction)
    y = Real(0, height - 1, unit='pixels').check('centre_y', centre_y)
    x = Real(0, width - 1, unit='pixels').check('centre_x', centre_x)
    farthest = math.hypot(max(y, height - 1 - y), max(x, width - 1 - x)) or 1.0
    dy = (np.arange(height) - y) / farthest
    dx = (np.arange(width) - x) / farthest
    share = np.add.outer((dy * dy).astype(np.float32), (dx * dx).astype(np.float32))
    np.sqrt(share, out=share)
    return _levels(share, *levels, direction)


def _levels(share: np.ndarray, sigma: float, sigma_low: float, direction: str) -> np.ndarray:
    """Levels after each share (overwritten) of the way from the start to the end."""
    start, end = (sigma_low, sigma) if direction == 'increasing' else (sigma, sigma_low)
    share *= np.float32(end - start)
    share += np.float32(start)
    return share
