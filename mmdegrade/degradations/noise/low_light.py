"""Low light: an underexposed picture with the shot and read noise of a sensor.

    light    L = sRGB^-1(x)                                     picture to light, `to_linear`
    sensor   D = round(Poisson(photons exposure L) + N(0, read_noise^2))            electrons
    picture  y = sRGB(min(gain max(D, 0) / photons, 1))

The model (shot noise by counting electrons, Gaussian read noise, both in linear light) is the
textbook one, as in Foi et al., "Practical Poissonian-Gaussian Noise Modeling and Fitting for
Single-Image Raw-Data", TIP 2008. The numbers are ours: white is 1000 electrons at full exposure,
about a phone's pixel at ISO 3200; 3 electrons of read noise; degrees 1–5 are one to five stops too
dark, not brightened afterwards. The converter has one step an electron. There is no mosaic and no
colour: every value of every channel is a sensor of its own.

No setting is without noise; ``exposure=1`` keeps the brightness. The same ``rng`` draws the same
electrons in every dtype (`draw_counts`).
"""

import math

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real
from ..rng import as_generator
from .counts import draw_counts
from .response import from_linear, to_linear

PARAMETERS = dict(
    exposure=Real(0, 1, doc='share of the light that reaches the sensor'),
    photons=Real(1, 1e6, unit='electrons', doc='what white gives at exposure 1'),
    read_noise=Real(0, 100, unit='electrons', doc='standard deviation of the read-out'),
    gain=Real(0, 1e6, doc='factor after the read-out; 1 / exposure restores the brightness'),
)


def low_light(
    img: np.ndarray,
    exposure: float,
    rng,
    photons: float = 1000.0,
    read_noise: float = 3.0,
    gain: float = 1.0,
) -> np.ndarray:
    """Take the picture again with less light.

    Args:
        img: (H, W) or (H, W, C), uint8 or float; negative values count as 0, and values above 1
            are brighter than white.
        exposure: share of the light that reaches the sensor, 0 to 1.
        rng: `numpy.random.Generator`, int seed or None.
        photons: electrons that white gives at exposure 1, 1 to 1e6. Up to photons * exposure = 4096
            they come from a table, above from NumPy, several times as slow.
        read_noise: standard deviation in electrons, 0 to 100.
        gain: factor on the light after the read-out, its noise included; 1 leaves the picture dark,
            ``1 / exposure`` gives it its brightness back.

    Returns:
        A new array like ``img``, in every dtype from black to white ([0, 1]): a sensor saturates.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng or parameter.
    """
    img = check_image(img)
    exposure = PARAMETERS['exposure'].check('exposure', exposure)
    photons = PARAMETERS['photons'].check('photons', photons)
    read_noise = PARAMETERS['read_noise'].check('read_noise', read_noise)
    gain = PARAMETERS['gain'].check('gain', gain)
    electrons = draw_counts(img, photons * exposure, as_generator(rng), to_linear, read_noise)
    white = math.ceil(photons)
    picture = from_linear(np.minimum(np.arange(white + 1) * (gain / photons), 1))
    if img.dtype == np.uint8:
        picture = np.rint(255 * picture).astype(np.uint8)
    else:
        picture = picture.astype(img.dtype)
    np.maximum(electrons, 0, out=electrons)
    # 'clip': above white is white.
    return picture.take(electrons, mode='clip').reshape(img.shape)


KINDS = (
    Degradation(
        'low_light',
        low_light,
        PARAMETERS,
        steps('exposure', 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32),
        source='ours: one to five stops',
    ),
)
