"""Depth that weather needs: relative on [0, 1] or in metres, and a ramp where there is none."""

import functools
import warnings

import cv2
import numpy as np

from ..parameters import Real


def depth_ramp(height: int, width: int) -> np.ndarray:
    """Stand-in for the depth of a street scene: 1 at the top row, linearly to 0 at the bottom row.

    Returns:
        (height, width) float32; a single row is 1.
    """
    column = np.linspace(1, 0, height, dtype=np.float32)
    return np.repeat(column[:, None], width, axis=1)


def metric_depth_ramp(height: int, width: int) -> np.ndarray:
    """Stand-in for the depth of a street scene in metres: 5 * 60 ** (r ** 1.5), r of `depth_ramp`.

    5 m at the bottom row, 21 m in the middle, 300 m at the top, nearly sky. In the lower half this
    is the geometric mean over each row of our street scenes, to about a tenth.

    Returns:
        (height, width) float32.
    """
    column = np.float32(5) * np.float32(60) ** depth_ramp(height, 1) ** np.float32(1.5)
    return np.repeat(column, width, axis=1)


@functools.cache
def warn_no_depth(kind: str) -> None:
    """Say that the ramp stands in; cached, so that a kind warns once a process."""
    unit = 'on [0, 1] (relative_depth makes it)' if kind == 'haze' else 'in metres'
    warnings.warn(
        f'{kind}: no depth given, so a vertical ramp stands in, as of a street scene. Give '
        f'depth=, a float array (H, W) {unit}; in a pipeline, put LoadDepth before Degrade',
        stacklevel=3,
    )


def check_size(depth: np.ndarray, img: np.ndarray) -> None:
    """Raise ValueError unless the depth map has the size of the image."""
    if depth.shape != img.shape[:2]:
        raise ValueError(
            f'depth must have the size of the image, {img.shape[:2]}, got {depth.shape}'
        )


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


def ray_distance(
    depth_z: np.ndarray,
    focal: float | tuple[float, float],
    centre: tuple[float, float] | None = None,
) -> np.ndarray:
    """Distance along the ray of every pixel, from the depth along the optical axis (pinhole).

    Args:
        depth_z: (H, W) float, metres; infinity stays.
        focal: focal length in pixels, or (horizontal, vertical).
        centre: principal point (x, y), pixel (0, 0) having its centre there; None is the middle of
            the image.

    Returns:
        (H, W) float32, or float64 if ``depth_z`` is.

    Raises:
        ValueError: a focal length not above 0.
    """
    focal_x, focal_y = (focal, focal) if np.ndim(focal) == 0 else focal
    if not (focal_x > 0 and focal_y > 0):
        raise ValueError(f'focal must be above 0 pixels, got {focal}')
    height, width = depth_z.shape
    dtype = np.result_type(depth_z, np.float32)  # float16 would overflow or lose digits
    x0, y0 = ((width - 1) / 2, (height - 1) / 2) if centre is None else centre
    x = ((np.arange(width) - x0) / focal_x).astype(dtype)
    y = ((np.arange(height) - y0) / focal_y).astype(dtype)
    factor = np.add.outer(y * y, x * x + 1)
    return np.multiply(depth_z, np.sqrt(factor, out=factor), out=factor)


def fill_depth_holes(depth: np.ndarray, holes: np.ndarray | None = None) -> np.ndarray:
    """Give every hole the depth of the nearest measured pixel.

    Nearest by OpenCV's 5x5 chamfer distance: it is the nearest one for 97 of 100 pixels, and at
    most 4 % farther away for the rest (the exact search takes 3 to 15 times as long).

    Args:
        depth: (H, W) float.
        holes: (H, W) bool, True where there is no measure. None: where depth is 0 or NaN.

    Returns:
        A new array like ``depth``.

    Raises:
        ValueError: shapes that differ, or nothing but holes.
    """
    if holes is None:
        holes = (depth == 0) | np.isnan(depth)
    if depth.ndim != 2 or holes.shape != depth.shape:
        raise ValueError(
            f'depth and holes must both be (H, W), got shapes {depth.shape} and {holes.shape}'
        )
    if holes.all():
        raise ValueError('depth has no measured pixel to fill holes from')
    if not holes.any():
        return depth.copy()
    labels = cv2.distanceTransformWithLabels(
        holes.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    values = np.empty(labels.max() + 1, depth.dtype)
    values[labels[~holes]] = depth[~holes]
    return values[labels]
