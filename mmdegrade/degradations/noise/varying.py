"""Additive white Gaussian noise whose level varies over the image, in one or two dimensions.

Lin, Bhattacharjee, El Helou and Süsstrunk, "Fidelity Estimation Improves Noisy-Image Classification
With Pretrained Networks" (FG-NIC), SPL 2021: levels (0.5, 0) on [0, 1], clipped, i.e. sigma 127.5
to 0 grey levels; 1D along rows or columns, 2D in the distance to a pixel (`level_maps`).

Axis, direction and pixel are drawn for each image and recorded: `level_map_1d` and `level_map_2d`
give the field from the record. Deviations: where there is nothing to vary over (a single row, a
single pixel) their code divides by zero, here the level is that of the start. Our degrees 1-5 take
their uniform levels 0.1 to 0.5 as the largest one. The noise is `standard_normal`, the same numbers
in every dtype.
"""

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Choice, Real
from ..rng import as_generator
from .clip import CLIP, add_noise, settle_clip
from .level_maps import (
    AXES,
    DIRECTIONS,
    SIGMA,
    SIGMA_LOW,
    check_levels,
    level_line,
    level_map_2d,
)
from .normal import standard_normal

_CENTRE = Real(0, unit='pixels', words=('random',), doc='where the distance is taken to')
PARAMETERS_1D = dict(
    sigma=SIGMA,
    sigma_low=SIGMA_LOW,
    axis=Choice((*AXES, 'random'), doc='the level changes from row to row, or column to column'),
    direction=Choice((*DIRECTIONS, 'random'), doc='from the first row or column to the last'),
    clip=CLIP,
)
PARAMETERS_2D = dict(
    sigma=SIGMA,
    sigma_low=SIGMA_LOW,
    centre_y=_CENTRE,
    centre_x=_CENTRE,
    direction=Choice((*DIRECTIONS, 'random'), doc='from the centre to the farthest corner'),
    clip=CLIP,
)


def gaussian_noise_1d(
    img: np.ndarray,
    sigma: float,
    rng,
    sigma_low: float = 0.0,
    axis: str = 'random',
    direction: str = 'random',
    clip: bool | None = None,
) -> np.ndarray:
    """Add Gaussian noise whose level changes linearly along the rows or the columns.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        sigma: largest standard deviation on the 0–255 scale (a float image gets sigma / 255).
        rng: `numpy.random.Generator`, int seed or None.
        sigma_low: smallest standard deviation, at most ``sigma``.
        axis: ``'rows'``: every row has one level; ``'columns'``: every column; or ``'random'``.
        direction: ``'increasing'``, from ``sigma_low`` in the first row (column) to ``sigma`` in
            the last; ``'decreasing'``; or ``'random'``.
        clip: as `gaussian_noise`.

    Returns:
        As `gaussian_noise`.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    levels = check_levels(sigma, sigma_low)
    params = _checked(PARAMETERS_1D, axis=axis, direction=direction, clip=clip)
    rng = as_generator(rng)
    params = settle_1d(params, img, rng)
    height, width = img.shape[:2]
    if params['axis'] == 'rows':
        scale = level_line(height, *levels, params['direction'])[:, None]
    else:
        line = level_line(width, *levels, params['direction'])
        scale = np.repeat(line, img.size // (height * width))
    # All values of a row beside each other: NumPy is slow over a short last axis.
    noise = standard_normal(img.size, rng).reshape(height, -1)
    noise *= scale if img.dtype == np.uint8 else scale / 255
    return add_noise(img, noise, params['clip'])


def gaussian_noise_2d(
    img: np.ndarray,
    sigma: float,
    rng,
    sigma_low: float = 0.0,
    centre_y: float | str = 'random',
    centre_x: float | str = 'random',
    direction: str = 'random',
    clip: bool | None = None,
) -> np.ndarray:
    """Add Gaussian noise whose level changes linearly with the distance to a pixel.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        sigma: largest standard deviation on the 0–255 scale (a float image gets sigma / 255).
        rng: `numpy.random.Generator`, int seed or None.
        sigma_low: smallest standard deviation, at most ``sigma``.
        centre_y, centre_x: row and column of the pixel, inside the image; ``'random'`` draws one.
        direction: ``'increasing'``, from ``sigma_low`` at the pixel to ``sigma`` in the corner
            farthest from it; ``'decreasing'``; or ``'random'``.
        clip: as `gaussian_noise`.

    Returns:
        As `gaussian_noise`.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    check_levels(sigma, sigma_low)
    params = _checked(
        PARAMETERS_2D, centre_y=centre_y, centre_x=centre_x, direction=direction, clip=clip
    )
    rng = as_generator(rng)
    params = settle_2d(params, img, rng)
    clip = params.pop('clip')
    scale = level_map_2d(*img.shape[:2], sigma, sigma_low, **params)
    if img.dtype != np.uint8:
        scale *= np.float32(1 / 255)
    channels = 1 if img.ndim == 2 else img.shape[2]
    if channels > 1:
        scale = cv2.merge([scale] * channels) if channels <= 4 else np.repeat(scale, channels)
    noise = standard_normal(img.size, rng)
    noise *= scale.reshape(-1)
    return add_noise(img, noise, clip)


def settle_1d(params: dict, img: np.ndarray, rng) -> dict:
    """Draw axis and direction, if they are to be drawn, and write down whether to clip."""
    if params['axis'] == 'random':
        params['axis'] = AXES[rng.integers(2)]
    return _settle_direction(params, img, rng)


def settle_2d(params: dict, img: np.ndarray, rng) -> dict:
    """Draw centre and direction, if they are to be drawn, and write down whether to clip."""
    for name, size in (('centre_y', img.shape[0]), ('centre_x', img.shape[1])):
        if params[name] == 'random':
            params[name] = float(rng.integers(size))
    return _settle_direction(params, img, rng)


def _settle_direction(params: dict, img: np.ndarray, rng) -> dict:
    if params['direction'] == 'random':
        params['direction'] = DIRECTIONS[rng.integers(2)]
    return settle_clip(params, img, rng)


def _checked(parameters: dict, **values) -> dict:
    return {name: parameters[name].check(name, value) for name, value in values.items()}


KINDS = tuple(
    Degradation(
        name,
        function,
        parameters,
        steps('sigma', 25.5, 51, 76.5, 102, 127.5),
        source='FG-NIC, whose uniform levels 0.1-0.5 are taken for the largest one',
        settle=settle,
    )
    for name, function, parameters, settle in (
        ('awgn_1d', gaussian_noise_1d, PARAMETERS_1D, settle_1d),
        ('awgn_2d', gaussian_noise_2d, PARAMETERS_2D, settle_2d),
    )
)
