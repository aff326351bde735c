"""Dehazing by the colour attenuation prior: the hazier, the brighter and the less saturated.

Zhu, Mai and Shao, "A Fast Single Image Haze Removal Algorithm Using Color Attenuation Prior", TIP
2015: d = 0.121779 + 0.959710 v - 0.780245 s with value and saturation of HSV on [0, 1], learnt from
500 images; d is min-filtered (15x15) and refined by a guided filter (radius 60, regularisation
1e-3); t = exp(-beta d), beta 1, cut to [0.1, 1]; A is the brightest of the 0.1 % farthest pixels.

Deviations: the authors' code lets t down to 0.05 (``t0``). The random term of the model (standard
deviation 0.041337) is left out, its mean being 0. "Brightest" is the largest mean of the channels;
as value and saturation do not ask for the channel order either, there is no such parameter. From
128 pixels on the guided filter is the fast one. The result is cut to [0, 1] for float images too.
Grey images have saturation 0, and images without exactly three channels are guided by their mean.
"""

import cv2
import numpy as np

from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.parameters import Colour, Integer, Real

from .dehazing import align, clear, light_of, to_unit
from .method import Method
from .parameters import OddSize

THETA = 0.121779, 0.959710, -0.780245
EPS = 1e-3

PARAMETERS = dict(
    beta=Real(0, 100, doc='attenuation per unit of the depth; 0 changes nothing'),
    t0=Real(0.001, 1, doc='least transmission'),
    patch=OddSize(1, 255, unit='pixels', doc='side of the patches'),
    radius=Integer(0, 1000, unit='pixels', doc='of the guided filter; 0: none'),
    airlight=Colour(doc='colour of the haze; None: from the image'),
)


def colour_depth(values: np.ndarray, patch: int = 1) -> np.ndarray:
    """Depth read off the colours, least of the patch around each pixel: (H, W), no unit.

    Args:
        values: (H, W, C) float on [0, 1].
        patch: side of the square, odd; cut at the border.
    """
    value, smallest = values.max(axis=2), values.min(axis=2)
    # A black pixel has no saturation.
    saturation = np.divide(value - smallest, value, out=np.zeros_like(value), where=value > 0)
    base, of_value, of_saturation = map(values.dtype.type, THETA)
    depth = base + of_value * value + of_saturation * saturation
    return cv2.erode(depth, np.ones((patch, patch), np.uint8))


def dehaze_colour_attenuation(
    img: np.ndarray,
    beta: float = 1.0,
    t0: float = 0.1,
    patch: int = 15,
    radius: int = 60,
    airlight: float | list[float] | None = None,
) -> np.ndarray:
    """Remove haze by the colour attenuation prior.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        beta: attenuation, 0 to 100; 0 returns a copy.
        t0: least transmission, 0.001 to 1.
        patch: side of the min filter in pixels, odd, 1 to 255.
        radius: radius of the guided filter in pixels, 0 to 1000; 0 leaves the map as it is.
        airlight: A on [0, 1], one number or one for each channel; None is read off the image.

    Returns:
        A new array like ``img``, on [0, 1] for float.

    Raises:
        TypeError, ValueError: a bad image (`check_image`) or parameter.
    """
    img = check_image(img)
    given = dict(beta=beta, t0=t0, patch=patch, radius=radius, airlight=airlight)
    given = {name: PARAMETERS[name].check(name, value) for name, value in given.items()}
    if given['beta'] == 0:
        return img.copy()
    values = to_unit(img)
    depth = colour_depth(values, given['patch'])
    light = light_of(given['airlight'], values, depth)
    t = np.exp(-depth.dtype.type(given['beta']) * align(depth, values, given['radius'], EPS))
    return clear(values, np.clip(t, given['t0'], 1), light, img)


METHOD = Method(
    'colour_attenuation',
    dehaze_colour_attenuation,
    PARAMETERS,
    undoes=('haze', 'fog'),
    source='Zhu et al., TIP 2015',
)
