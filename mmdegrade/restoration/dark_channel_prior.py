"""Dehazing by the dark channel prior: in clear patches some channel of some pixel is nearly black.

He, Sun and Tang, "Single Image Haze Removal Using Dark Channel Prior", CVPR 2009 and TPAMI 2011:
t = 1 - omega * dark_channel(y / A) with omega 0.95, patches of 15x15, t at least t0 = 0.1, and A
the brightest of the pixels whose dark channel is among the 0.1 % brightest. The map is refined by
the guided filter (same authors, TPAMI 2013: radius 20, regularisation 1e-3), not by soft matting.

Deviations: y / A is cut at 1, so that t before refinement is at least 1 - omega. "Brightest" means
the largest mean of the channels, so the channel order does not matter. From 128 pixels on the
guided filter is the fast one (`mmdegrade.degradations.weather.guided_filter`). The result is cut to
[0, 1] for float images too. Images without exactly three channels are guided by their mean.
"""

import numpy as np

from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.parameters import Colour, Integer, Real
from mmdegrade.degradations.weather.dark_channel import dark_channel

from .dehazing import align, clear, light_of, to_unit
from .method import Method
from .parameters import OddSize

EPS = 1e-3

PARAMETERS = dict(
    omega=Real(0, 1, doc='share of the haze removed; 0 changes nothing'),
    t0=Real(0.001, 1, doc='least transmission'),
    patch=OddSize(1, 255, unit='pixels', doc='side of the patches'),
    radius=Integer(0, 1000, unit='pixels', doc='of the guided filter; 0: none'),
    airlight=Colour(doc='colour of the haze; None: from the image'),
)


def dark_channel_transmission(
    values: np.ndarray, light: np.ndarray, omega: float, patch: int
) -> np.ndarray:
    """Transmission before refinement, 1 - omega * dark_channel(y / A): (H, W) on [0, 1].

    Args:
        values: (H, W, C) float on [0, 1].
        light: (C,), above 0.
    """
    dark = dark_channel(np.minimum(values / light, 1), patch)
    return np.subtract(1, dark.dtype.type(omega) * dark, out=dark)


def dehaze_dark_channel(
    img: np.ndarray,
    omega: float = 0.95,
    t0: float = 0.1,
    patch: int = 15,
    radius: int = 20,
    airlight: float | list[float] | None = None,
) -> np.ndarray:
    """Remove haze by the dark channel prior.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        omega: share of the haze removed, 0 to 1; 0 returns a copy.
        t0: least transmission, 0.001 to 1.
        patch: side of the dark channel's patches in pixels, odd, 1 to 255.
        radius: radius of the guided filter in pixels, 0 to 1000; 0 leaves the map as it is.
        airlight: A on [0, 1], one number or one for each channel; None is read off the image.

    Returns:
        A new array like ``img``, on [0, 1] for float.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    given = dict(omega=omega, t0=t0, patch=patch, radius=radius, airlight=airlight)
    given = {name: PARAMETERS[name].check(name, value) for name, value in given.items()}
    if given['omega'] == 0:
        return img.copy()
    values = to_unit(img)
    dark = dark_channel(values, given['patch']) if given['airlight'] is None else None
    light = light_of(given['airlight'], values, dark)
    t = dark_channel_transmission(values, light, given['omega'], given['patch'])
    t = align(t, values, given['radius'], EPS)
    return clear(values, np.clip(t, given['t0'], 1), light, img)


METHOD = Method(
    'dark_channel',
    dehaze_dark_channel,
    PARAMETERS,
    undoes=('haze', 'fog'),
    source='He et al., CVPR 2009, TPAMI 2011',
)
