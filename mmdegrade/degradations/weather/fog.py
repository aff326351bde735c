"""Fog in metres: y = t x + (1 - t) A, t = exp(-beta l), l the distance along the ray.

After Foggy Cityscapes: Sakaridis, Dai and Van Gool, "Semantic Foggy Scene Understanding with
Synthetic Data", IJCV 2018. Airlight A: the pixel of median grey among the brightest 0.1 % of the
15x15 dark channel of the clean image. The transmission t is refined by a guided filter with the
clean image as guide (41x41 windows, regularisation 1e-3, colour covariances).

The levels 0.005, 0.01 and 0.03 per metre are theirs and UBCN's (which prints "0.05" for the
first); 0.015 and 0.02 fill the gap. In terms of sight: 600, 300, 200, 150 and 100 m
(`visibility`).

Deviations:

- Their depth comes from stereo, completed by superpixel planes. Ours is what is given (`LoadDepth`
  fills holes with the nearest measure); infinite depth, the sky, is t = 0.
- Without depth `metric_depth_ramp` stands in, and is not refined: it has no edges to align.
- From 128 pixels on, the guided filter is the fast one, which works out its weights on every
  fourth pixel (see `guided_filter`).
- Images without exactly three channels: the guide and the grey are the mean of all channels.
"""

import math

import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Choice, Colour, Flag, MetricDepth, Real
from .dark_channel import estimate_airlight
from .depth import check_size, metric_depth_ramp, ray_distance, warn_no_depth
from .guided_filter import GuidedFilter, every
from .scattering import airlight_of_channels, blend, transmission, working_dtype

# A black object against the sky is seen as far as its contrast stays above 5 % (the meteorological
# optical range): -ln 0.05.
_CONTRAST = -math.log(0.05)
_RADIUS, _EPS = 20, 1e-3

PARAMETERS = dict(
    beta=Real(0, 100, unit='per metre', doc='attenuation; 0 changes nothing'),
    depth=MetricDepth(doc='None: a ramp from 5 m at the bottom row to 300 m at the top row'),
    airlight=Colour(doc='colour of the fog; None: from the dark channel of the image'),
    focal=Real(
        1, unit='pixels', words=('ray',), doc="turns depth into distance; 'ray': it is that already"
    ),
    refine=Flag(doc='align the fog with edges of the image; None: where a depth map is given'),
    order=Choice(('bgr', 'rgb'), doc='of three channels, for the grey of the airlight'),
)


def visibility(beta: float) -> float:
    """Meteorological optical range in metres, 2.996 / beta, of an attenuation per metre."""
    beta = Real(0, unit='per metre').check('beta', beta)
    return _CONTRAST / beta if beta else math.inf


def attenuation(visibility_m: float) -> float:
    """Attenuation beta per metre of a meteorological optical range in metres: `visibility` back.

    Raises:
        TypeError, ValueError: not a number above 0 (infinity is allowed and gives 0).
    """
    if visibility_m == math.inf:
        return 0.0
    metres = Real(0, unit='metres').check('visibility_m', visibility_m)
    if metres == 0:
        raise ValueError('visibility_m must be above 0 metres, got 0')
    return _CONTRAST / metres


def fog(
    img: np.ndarray,
    beta: float,
    depth: np.ndarray | None = None,
    airlight: float | list[float] | None = None,
    focal: float | str = 'ray',
    refine: bool | None = None,
    order: str = 'bgr',
) -> np.ndarray:
    """Fog of a given density over a scene of known depth.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        beta: attenuation per metre, 0 to 100; 0 returns a copy.
        depth: (H, W) float, metres; infinite: sky. None is `metric_depth_ramp`, with a warning
            once a process.
        airlight: A on [0, 1], one number or one for each channel; None is `estimate_airlight`.
        focal: focal length in pixels of a pinhole camera looking at the middle of the image, if
            ``depth`` is measured along the optical axis; ``'ray'``: ``depth`` is the distance.
        refine: whether to filter the transmission; None is True if a depth map is given.
        order: ``'bgr'`` or ``'rgb'``.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), a depth of another size, NaN or
            negative, a parameter out of range.
    """
    img = check_image(img)
    beta = PARAMETERS['beta'].check('beta', beta)
    depth = PARAMETERS['depth'].check('depth', depth)
    values = dict(airlight=airlight, focal=focal, refine=refine, order=order, depth=depth)
    for name in ('airlight', 'focal', 'refine', 'order'):
        values[name] = PARAMETERS[name].check(name, values[name])
    values = settle(values, img)
    light = airlight_of_channels(values['airlight'], img)
    if depth is not None:
        check_size(depth, img)
    if beta == 0:
        return img.copy()
    if depth is None:
        warn_no_depth('fog')
        depth = np.broadcast_to(metric_depth_ramp(len(img), 1), img.shape[:2])
    elif values['focal'] != 'ray':
        depth = ray_distance(depth, values['focal'])
    if values['refine']:
        guided = _refined(depth, beta, img)
        return blend(img, lambda rows, out: np.clip(guided.rows(rows), 0, 1, out=out), light)
    return blend(img, lambda rows, out: transmission(depth[rows], beta, out), light)


def _refined(distance: np.ndarray, beta: float, img: np.ndarray) -> GuidedFilter:
    """Guided filter of the transmission."""
    dtype = working_dtype(img)
    guide = img
    if img.ndim == 3 and img.shape[2] != 3:
        guide = img.mean(axis=2, dtype=dtype)
        guide *= 1 / 255 if img.dtype == np.uint8 else 1
    step = 4 if min(img.shape[:2]) >= 128 else 1
    small = every(distance.astype(dtype, copy=False), step)
    t = transmission(small, beta, np.empty_like(small))
    return GuidedFilter(guide, t, _RADIUS, _EPS, step)


def settle(params: dict, img: np.ndarray, rng=None) -> dict:
    """Read the airlight off the image, and decide on the refinement."""
    if params['airlight'] is None:
        params['airlight'] = estimate_airlight(img, params['order'])
    if params['refine'] is None:
        params['refine'] = params['depth'] is not None
    return params


KINDS = (
    Degradation(
        'fog',
        fog,
        PARAMETERS,
        steps('beta', 0.005, 0.01, 0.015, 0.02, 0.03),
        source='Foggy Cityscapes and UBCN (0.005, 0.01, 0.03); depth without a map ours',
        settle=settle,
    ),
)
