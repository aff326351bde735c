"""Haze by the atmospheric scattering model: y = t x + (1 - t) A, t = exp(-beta d).

Degrees 1–5 (beta 1.5–3.5) follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020. The model is Koschmieder's (1924), in the form of Narasimhan and Nayar,
"Vision and the Atmosphere", IJCV 2002.

Deviations: the paper gives neither the depth nor the airlight. Such beta mean a relative depth on
[0, 1] (in metres everything would vanish); without a depth map a vertical ramp stands in; A is 1.
"""

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Real, RelativeDepth
from .depth import check_size, depth_ramp, warn_no_depth
from .scattering import airlight_of_channels, blend, transmission

PARAMETERS = dict(
    beta=Real(0, 1000, doc='attenuation over the whole relative depth; 0 changes nothing'),
    depth=RelativeDepth(doc='None: a vertical ramp, 1 at the top row and 0 at the bottom row'),
    airlight=Real(0, 1, doc='grey of the haze, 1 is white'),
)


def haze(
    img: np.ndarray, beta: float, depth: np.ndarray | None = None, airlight: float = 1.0
) -> np.ndarray:
    """Blend towards the airlight with depth: y = t x + (1 - t) A, t = exp(-beta d).

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        beta: attenuation, 0 to 1000, per unit of relative depth.
        depth: (H, W) float on [0, 1], 0 nearest (`relative_depth` makes it from metres). None is
            `depth_ramp`, with a warning once a process.
        airlight: A on [0, 1] for every dtype, the same for all channels.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), a depth of another size or off [0, 1],
            a parameter out of range.
    """
    img = check_image(img)
    beta = PARAMETERS['beta'].check('beta', beta)
    airlight = PARAMETERS['airlight'].check('airlight', airlight)
    depth = PARAMETERS['depth'].check('depth', depth)
    if depth is None:
        warn_no_depth('haze')
        depth = np.broadcast_to(depth_ramp(len(img), 1), img.shape[:2])
    check_size(depth, img)
    return blend(
        img,
        lambda rows, out: transmission(depth[rows], beta, out),
        airlight_of_channels(airlight, img),
    )


KINDS = (
    Degradation(
        'haze',
        haze,
        PARAMETERS,
        steps('beta', 1.5, 2.0, 2.5, 3.0, 3.5),
        source='DGN; depth and airlight ours',
    ),
)
