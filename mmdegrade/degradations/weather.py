"""Haze by the atmospheric scattering model: y = t x + (1 - t) A, t = exp(-beta d).

Degrees 1–5 (beta 1.5–3.5) follow Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020. The model is Koschmieder's (1924), in the form of Narasimhan and Nayar,
"Vision and the Atmosphere", IJCV 2002.

Deviations: the paper gives neither the depth nor the airlight. Such beta mean a relative depth on
[0, 1] (in metres everything would vanish); without a depth map a vertical ramp stands in; A is 1.
"""

import cv2
import numpy as np

from .images import check_image
from .parameters import Real, RelativeDepth

HAZE = dict(
    beta=Real(0, 1000, doc='attenuation over the whole relative depth; 0 changes nothing'),
    depth=RelativeDepth(doc='None: a vertical ramp, 1 at the top row and 0 at the bottom row'),
    airlight=Real(0, 1, doc='grey of the haze, 1 is white'),
)


def depth_ramp(height: int, width: int) -> np.ndarray:
    """Stand-in for the depth of a street scene: 1 at the top row, linearly to 0 at the bottom row.

    Returns:
        (height, width) float32; a single row is 1.
    """
    column = np.linspace(1, 0, height, dtype=np.float32)
    return np.repeat(column[:, None], width, axis=1)


def relative_depth(depth_m: np.ndarray, far: float | None = None) -> np.ndarray:
    """Turn metric depth into relative depth on [0, 1] by division by ``far``.

    Args:
        depth_m: (H, W) int or float, metres (any unit), 0 or more. NaN and infinity mean "no
            measure, sky": they become 1. A sensor's 0 for "no measure" stays 0, i.e. nearest: set
            it to ``np.inf`` first if it means far.
        far: depth that maps to 1, in the same unit; what lies beyond is cut to 1. None is the
            largest finite depth of this very array, so that it differs from image to image.

    Returns:
        (H, W) float32.

    Raises:
        TypeError, ValueError: not a 2-D array of numbers, negative depth, ``far`` not above 0, or
            no finite depth to take ``far`` from.
    """
    depth = np.asarray(depth_m)
    if depth.dtype.kind not in 'iuf':
        raise TypeError(f'depth_m must be an int or float array (H, W), got dtype {depth.dtype}')
    if depth.ndim != 2 or depth.size == 0:
        raise ValueError(f'depth_m must have shape (H, W), got {depth.shape}')
    finite = np.isfinite(depth)
    smallest = depth.min(where=finite, initial=0)
    if smallest < 0:
        raise ValueError(f'depth_m must be 0 or more, got {smallest:g}')
    if far is None:
        if not finite.any():
            raise ValueError('depth_m has no finite value to take far from: give far')
        far = float(depth.max(where=finite, initial=0))
    else:
        far = Real(0).check('far', far)
    if far <= 0:
        raise ValueError(f'far must be above 0, got {far:g}')
    # Float64 until the end: float16 maps would overflow or lose digits on the way.
    relative = np.minimum(np.where(finite, depth, far) / np.float64(far), 1)
    return relative.astype(np.float32)


def haze(
    img: np.ndarray, beta: float, depth: np.ndarray | None = None, airlight: float = 1.0
) -> np.ndarray:
    """Blend towards the airlight with depth: y = t x + (1 - t) A, t = exp(-beta d).

    Args:
        img: (H, W) or (H, W, C), uint8 or float.
        beta: attenuation, 0 to 1000, per unit of relative depth.
        depth: (H, W) float on [0, 1], 0 nearest (`relative_depth` makes it from metres). None is
            `depth_ramp`.
        airlight: A on [0, 1] for every dtype, the same for all channels.

    Returns:
        A new array like ``img``; uint8 is computed in float32 and rounded once.

    Raises:
        TypeError, ValueError: a bad image (`check_image`), a depth of another size or off [0, 1],
            a parameter out of range.
    """
    img = check_image(img)
    beta = HAZE['beta'].check('beta', beta)
    airlight = HAZE['airlight'].check('airlight', airlight)
    depth = HAZE['depth'].check('depth', depth)
    height, width = img.shape[:2]
    if depth is None:
        depth = depth_ramp(height, width)
    elif depth.shape != (height, width):
        raise ValueError(
            f'depth must have the size of the image, {(height, width)}, got {depth.shape}'
        )
    dtype = np.float64 if img.dtype == np.float64 else np.float32
    t = np.exp(-beta * depth.astype(dtype))
    # Written out for each channel and flat: several times as fast as NumPy broadcasting.
    channels = 1 if img.ndim == 2 else img.shape[2]
    if channels > 1:
        t = cv2.merge([t] * channels) if channels <= 4 else np.repeat(t[..., None], channels, 2)
    t = t.reshape(1, -1)
    white = 255 if img.dtype == np.uint8 else 1
    cv_depth = cv2.CV_64F if dtype is np.float64 else cv2.CV_32F
    direct = cv2.multiply(img.reshape(1, -1), t, dtype=cv_depth)
    # From here t's memory becomes (1 - t) A: fresh megabytes can cost more than the arithmetic.
    veil = np.subtract(1, t, out=t)
    veil *= dtype(airlight * white)
    if img.dtype == np.uint8:
        out = cv2.add(direct, veil, dtype=cv2.CV_8U)
    else:
        out = cv2.add(direct, veil, dst=direct)
    return out.reshape(img.shape)
