"""What depth files of common data sets hold, turned into metres.

Cityscapes: README of the data set (disparity, camera). KITTI: readme of the depth development kit.
SUN RGB-D: Song, Lichtenberg and Xiao, CVPR 2015, and its toolbox.
"""

import json
import math
import posixpath
import re

import numpy as np
from mmengine import fileio

from .image_files import CorruptFileError, MissingFileError, decode, read_file
from .npy_files import decode_npy

FORMATS = ('auto', 'png', 'npy', 'sunrgbd', 'cityscapes', 'kitti')
# Metres or pixels that no camera has.
_ABSURD = 1e6


def read_steps(path: str, kind: str) -> np.ndarray:
    """The numbers in a file, (H, W), as they are.

    Raises:
        CorruptFileError: a ``ValueError``: truncated, cannot be decoded, not single-channel, or not
            16-bit where the format is.
        MissingFileError: a ``FileNotFoundError``: it is not there.
    """
    data = read_file(path, 'depth')
    if kind == 'npy':
        steps = decode_npy(data, path, 'depth')
    else:
        steps = decode(data, path, 'depth', 'unchanged', 'cv2')
    if steps.ndim != 2:
        raise CorruptFileError(
            f'depth file {path} is of shape {steps.shape}; a single-channel map is needed', path
        )
    if kind in ('sunrgbd', 'cityscapes', 'kitti') and steps.dtype != np.uint16:
        raise CorruptFileError(
            f'depth file {path} holds {steps.dtype}; format={kind!r} means a 16-bit PNG', path
        )
    return steps


def metres(steps: np.ndarray, kind: str, scale: float, camera: dict | None) -> np.ndarray:
    """(H, W) float32 depth along the optical axis; meaningless in holes."""
    if kind == 'sunrgbd':
        steps, scale = (steps >> 3) | (steps << 13), 1e-3
    if kind in ('kitti', 'cityscapes'):
        scale = 1 / 256
    if kind != 'cityscapes':
        with np.errstate(over='ignore'):  # beyond float32 is infinitely far
            return steps.astype(np.float32) * np.float32(1 if kind == 'npy' else scale)
    # 0 is a hole, 1 a disparity of 0 pixels: infinitely far.
    disparity = (np.maximum(steps, 1) - 1).astype(np.float32) * np.float32(scale)
    with np.errstate(divide='ignore'):
        return np.float32(camera['baseline'] * camera['fx']) / disparity


def camera_path(disparity_path: str) -> str:
    """Path of the Cityscapes camera file that belongs to a disparity file.

    Raises:
        ValueError: the path is not laid out like Cityscapes.
    """
    folder, name = posixpath.split(disparity_path.replace('\\', '/'))
    found = re.fullmatch(r'(.*/|)disparity(/.*|)', folder)
    if not found or not name.endswith('_disparity.png'):
        raise ValueError(
            f'disparity file {disparity_path} is not named …/disparity/…_disparity.png, so its '
            'camera file cannot be found; let the dataset give camera_path'
        )
    name = name[: -len('_disparity.png')] + '_camera.json'
    return f'{found[1]}camera{found[2]}/{name}'


def read_camera(path: str) -> dict[str, float]:
    """Baseline in metres, focal lengths and principal point in pixels of a Cityscapes camera file.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is not such a file.
    """
    try:
        data = json.loads(fileio.get_text(path))
        camera = {**data['intrinsic'], **data['extrinsic']}
        camera = {name: _number(camera[name]) for name in ('baseline', 'fx', 'fy', 'u0', 'v0')}
    except FileNotFoundError:
        raise MissingFileError(
            f'camera file {path} is missing: disparity becomes metres only with its baseline and '
            'focal length. Unpack camera_trainvaltest.zip (cityscapes-dataset.com) beside the '
            'disparity folder, or let the dataset give camera_path',
            path,
        ) from None
    # Recursion: brackets nested by the thousand; overflow: integers beyond floats.
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise CorruptFileError(
            f'camera file {path} is not one of Cityscapes: {error!r}', path
        ) from error
    except OSError as error:
        raise CorruptFileError(f'camera file {path} cannot be read: {error}', path) from error
    if not min(camera['baseline'], camera['fx'], camera['fy']) > 0:
        raise CorruptFileError(
            f'camera file {path} has a baseline or focal length not above 0', path
        )
    return camera


def _number(value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f'{value!r:.40} is no number')
    if not (math.isfinite(value) and abs(value) < _ABSURD):
        raise ValueError(f'{value!r:.40} is not below {_ABSURD:g}')
    return float(value)
