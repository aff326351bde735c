"""Rain at a rate of approximately so many mm/hr: a veil that grows with distance, and streaks.

Veil: Halder, Lalonde and de Charette, "Physics-Based Rendering for Improving Robustness to Rain",
ICCV 2019, and Tremblay et al., "Rain Rendering for Evaluating and Improving Robustness to Bad
Weather", IJCV 2021, after Weber et al., "A Multiscale Model for Rain Rendering in Real-Time",
2015: L = I f + beta_HG E (1 - f), f = exp(-0.312 R^0.67 d), d the distance in km.

Streaks: they simulate particles and paste photographed streaks. Ours are drawn at random from the
physics that both rest on, see `rain_streaks`; hence "approximately". A streak blocks a share a of
the light x^2 of a pixel x (a gamma of 2, near that of sRGB; that makes streaks stand out before
dark ground and vanish before sky) and adds a * e^2 of its own, e being the grey of drops.

Levels: UBCN's 50, 150 and 250 mm/hr, with 100 and 200 between. Published particles end at 200.

Decisions and deviations:

- beta_HG E, which is what a line of sight shows that ends in rain alone, is the airlight of the
  dark channel, as for fog. The published code takes the mean colour of the image, 1.06 times with
  its settings for Cityscapes, which turns a sky at infinite depth darker than the street.
- e^2, the light of drops, is (1 + m^2) / 2, m the mean of the image: a drop gathers light from
  nearly all around (Garg and Nayar, IJCV 2007), half of it overcast sky (white), half the scene.
- Exposure 5 ms, the published setting for Cityscapes. Longer exposures: longer, fainter streaks.
- One direction for the whole image, up to 25 degrees off the vertical.
- The focal length is 1.1 times the longer side by default, that of Cityscapes.
- The published code blurs f by 25x25 Gaussian; ours does not, depth edges stay sharp.
- Without depth `metric_depth_ramp` stands in.
"""

import math

import cv2
import numpy as np

from ..degradation import Degradation, steps
from ..images import check_image
from ..parameters import Choice, Colour, Flag, MetricDepth, Real
from ..rng import as_generator
from .dark_channel import estimate_airlight
from .depth import check_size, metric_depth_ramp, warn_no_depth
from .rain_streaks import streak_layer
from .scattering import Blender, airlight_of_channels, spread, transmission

_STEEPEST = 25.0

PARAMETERS = dict(
    intensity=Real(0, 500, unit='mm/hr', doc='approximate rate; 0 changes nothing'),
    depth=MetricDepth(doc='distances; None: a ramp from 5 m at the bottom row to 300 m at the top'),
    angle=Real(
        -60,
        60,
        unit='degrees',
        words=('random',),
        doc='off the vertical; positive falls rightwards',
    ),
    focal=Real(1, unit='pixels', words=('auto',), doc="'auto': 1.1 times the longer side"),
    exposure=Real(0.01, 50, unit='ms', doc='time in which a drop draws its streak'),
    airlight=Colour(doc='colour of the veil; None: from the dark channel of the image'),
    drop_light=Real(0, 1, words=('auto',), doc="grey of drops; 'auto': sky and scene by half"),
    veil=Flag(doc='whether rain also hides what is far; None: yes'),
    order=Choice(('bgr', 'rgb'), doc='of three channels, for the grey of the airlight'),
)


def rain(
    img: np.ndarray,
    intensity: float,
    rng,
    depth: np.ndarray | None = None,
    angle: float | str = 'random',
    focal: float | str = 'auto',
    exposure: float = 5.0,
    airlight: float | list[float] | None = None,
    drop_light: float | str = 'auto',
    veil: bool | None = None,
    order: str = 'bgr',
) -> np.ndarray:
    """Veil and streaks of rain of approximately ``intensity`` mm/hr.

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        intensity: mm/hr, 0 to 500; 0 returns a copy.
        rng: `numpy.random.Generator`, int seed or None.
        depth: (H, W) float, metres along the ray (`ray_distance`); infinite: sky. None is
            `metric_depth_ramp`, with a warning once a process; not used without ``veil``.
        angle: direction of fall in degrees off the vertical, -60 to 60; ``'random'`` draws one.
        focal: focal length in pixels, for the streaks; ``'auto'``: 1.1 times the longer side.
        exposure: ms, 0.01 to 50.
        airlight: colour of the veil on [0, 1], one number or one for each channel; None is
            `estimate_airlight`.
        drop_light: grey of the drops on [0, 1]; ``'auto'``: sqrt((1 + mean^2) / 2).
        veil: False leaves only the streaks; None is True.
        order: ``'bgr'`` or ``'rgb'``.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), rng, a depth of another size, NaN or
            negative, a parameter out of range.
    """
    img = check_image(img)
    values = dict(
        intensity=intensity, depth=depth, angle=angle, focal=focal, exposure=exposure,
        airlight=airlight, drop_light=drop_light, veil=veil, order=order,
    )  # fmt: skip
    values = {name: check.check(name, values[name]) for name, check in PARAMETERS.items()}
    rng = as_generator(rng)
    values = settle(values, img, rng)
    light = airlight_of_channels(values['airlight'], img)
    if depth is not None:
        check_size(depth, img)
    rate = values['intensity']
    if rate == 0:
        return img.copy()
    if depth is None and values['veil']:
        warn_no_depth('rain')
        depth = np.broadcast_to(metric_depth_ramp(len(img), 1), img.shape[:2])
    extinction = 0.312e-3 * rate**0.67 if values['veil'] else 0.0
    covered = streak_layer(
        img.shape[:2], rate, values['angle'], values['focal'], values['exposure'] * 1e-3, rng
    )
    blender = Blender(img, light)
    covered = covered.astype(blender.dtype, copy=False)
    out = np.empty_like(img)
    for rows in blender.strips:
        t = blender.plane[: rows.stop - rows.start]
        if extinction:
            transmission(depth[rows], extinction, t)
        else:
            t.fill(1)
        seen = blender.strip(rows, t)
        share = spread(covered[rows], blender.wide[: len(t)]).reshape(1, -1)
        target = out[rows].reshape(1, -1)
        _add_drops(seen, share, values['drop_light'], target)
    return out


def _add_drops(x: np.ndarray, share: np.ndarray, drop_light: float, out: np.ndarray) -> None:
    """sqrt((1 - a) x^2 + a e^2), written to ``out``; ``x`` and ``share`` are overwritten."""
    white = 255 if out.dtype == np.uint8 else 1
    source = (drop_light * white) ** 2
    if out.dtype == np.uint8:
        square = cv2.multiply(x, x, dst=x)
    else:
        square = x * np.abs(x)  # values below 0 keep their sign
    share *= np.subtract(source, square)
    square += share
    if out.dtype == np.uint8:
        cv2.sqrt(square, dst=square)
        cv2.convertScaleAbs(square, dst=out)  # rounds to even
    else:
        np.copysign(np.sqrt(np.abs(square)), square, out=out)


def settle(params: dict, img: np.ndarray, rng) -> dict:
    """Draw the angle, and read off the image what was left to it."""
    if params['angle'] == 'random':
        params['angle'] = _draw_angle(rng)
    if params['focal'] == 'auto':
        params['focal'] = 1.1 * max(img.shape[:2])
    if params['airlight'] is None:
        params['airlight'] = estimate_airlight(img, params['order'])
    if params['drop_light'] == 'auto':
        white = 255 if img.dtype == np.uint8 else 1
        if img.ndim == 2 or img.shape[2] <= 4:  # several times NumPy's speed
            mean = float(np.mean(cv2.mean(img)[: 1 if img.ndim == 2 else img.shape[2]]))
        else:
            mean = float(img.mean(dtype=np.float64))
        mean = min(max(mean / white, 0), 1)
        params['drop_light'] = math.sqrt((1 + mean**2) / 2)
    if params['veil'] is None:
        params['veil'] = True
    return params


def _draw_angle(rng: np.random.Generator) -> float:
    """U(-25, 25) degrees, from a copy of the generator.

    So the same drops are drawn whether the angle was left to chance or is given, as when a record
    is used again.
    """
    twin = type(rng.bit_generator)()
    twin.state = rng.bit_generator.state
    # Not the first number, which decides on drops.
    return float(np.random.Generator(twin).uniform(-_STEEPEST, _STEEPEST, 64)[-1])


KINDS = (
    Degradation(
        'rain',
        rain,
        PARAMETERS,
        steps('intensity', 50, 100, 150, 200, 250),
        source='UBCN (50, 150, 250); streaks, light and depth without a map ours',
        settle=settle,
    ),
)
