"""Depth that weather needs: relative depth on [0, 1], and a ramp where there is none."""

import numpy as np

from ..parameters import Real


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
