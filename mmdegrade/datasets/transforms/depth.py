"""Load depth maps in the encodings of common data sets."""

import warnings

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from mmdegrade.degradations.weather.depth import fill_depth_holes, ray_distance

from .depth_formats import FORMATS, camera_path, metres, read_camera, read_steps
from .image_files import CorruptFileError

# Beyond this median a map is most likely not in metres.
_IMPLAUSIBLE = 1000.0


@TRANSFORMS.register_module()
class LoadDepth(BaseTransform):
    """Load ``results['depth_path']`` as ``results['depth']``: H×W float32 in metres.

    The map joins ``seg_fields``, so that stock geometry moves it like the mask (nearest
    neighbour). Place it before anything that changes the image's size.

    ============  ===================================================  ======================
    format        what the file holds                                  no measure ("hole")
    ============  ===================================================  ======================
    'png'         image of one channel; metres = ``scale`` × value     ``hole``
    'npy'         array of metres, infinite for the sky                ``hole``
    'auto'        'npy' if the name ends so, else 'png'                ``hole``
    'sunrgbd'     16-bit PNG, millimetres rotated left by 3 bits       0
    'cityscapes'  16-bit PNG of disparity, d = (v - 1) / 256 pixels;   0
                  metres = baseline × fx / d
    'kitti'       16-bit PNG, metres = v / 256                         0
    ============  ===================================================  ======================

    Cityscapes needs the camera file: ``results['camera_path']``, or what the disparity path becomes
    by ``disparity/`` → ``camera/`` and ``_disparity.png`` → ``_camera.json``.

    Also sets ``results['depth_far']``, unless the dataset gives it, to the largest finite depth
    of the whole map: haze is then the same in a crop as in the image it is cut from, and padding
    (which fills depth with the mask's 255) does not count.

    Args:
        scale (float): Metres per step of an image ('png'). Defaults to 0.01 (centimetres).
        format (str): See above. Defaults to 'auto'.
        fill_holes (bool): Give holes the depth of the nearest measure; otherwise they become
            infinite, like the sky. Defaults to True.
        hole (float, optional): Value in the file that means "no measure" ('png', 'npy'); may be
            NaN. Defaults to None: every value is a measure.
        ray (bool): Turn depth along the optical axis into distance along the ray, which is what
            fog counts. The camera is that of the file (Cityscapes), or one of ``focal`` that looks
            at the middle of the image. Defaults to False.
        focal (float, optional): Focal length in pixels, for ``ray``.

    Raises:
        CorruptFileError: A ``ValueError``: the file is truncated, cannot be decoded, is not
            single-channel, not of the image's size, negative or NaN, or holds no measure at all.
        MissingFileError: A ``FileNotFoundError``: the file, or the camera file, is not there.
        ValueError: An unknown format; ``ray`` without ``focal``.
        KeyError: The dataset gives no ``depth_path``.
    """

    def __init__(
        self,
        scale: float = 0.01,
        format: str = 'auto',
        fill_holes: bool = True,
        hole: float | None = None,
        ray: bool = False,
        focal: float | None = None,
    ) -> None:
        if format not in FORMATS:
            raise ValueError(f'LoadDepth: format={format!r}; allowed: {", ".join(FORMATS)}')
        if not scale > 0:
            raise ValueError(f'LoadDepth: scale={scale} must be above 0 metres per step')
        if focal is not None and not focal > 0:
            raise ValueError(f'LoadDepth: focal={focal} must be above 0 pixels')
        if ray and focal is None and format != 'cityscapes':
            raise ValueError(f'LoadDepth: ray=True with format={format!r} needs focal, in pixels')
        self.scale = scale
        self.format = format
        self.fill_holes = fill_holes
        self.hole = 0 if format in ('sunrgbd', 'cityscapes', 'kitti') else hole
        self.ray = ray
        self.focal = focal
        self._warned = False

    def transform(self, results: dict) -> dict:
        if 'depth_path' not in results:
            raise KeyError('LoadDepth: the dataset gives no depth_path; take LoadDepth out')
        path = results['depth_path']
        kind = self.format
        if kind == 'auto':
            kind = 'npy' if path.endswith('.npy') else 'png'
        steps = read_steps(path, kind)
        expected = results.get('ori_shape')
        if expected is not None and steps.shape != tuple(expected):
            raise CorruptFileError(
                f'image and depth differ in size: {results.get("img_path")} is '
                f'{expected[0]}x{expected[1]}, {path} is {steps.shape[0]}x{steps.shape[1]} '
                '(height x width)',
                path,
            )
        camera = None
        if kind == 'cityscapes':
            camera = read_camera(results.get('camera_path') or camera_path(path))
        depth = metres(steps, kind, self.scale, camera)
        if self.hole is not None:
            holes = np.isnan(steps) if self.hole != self.hole else steps == self.hole
            depth = self._without_holes(depth, holes, path)
        self._check(depth, path)
        if self.ray and camera is None:
            depth = ray_distance(depth, self.focal)
        elif self.ray:
            focal, centre = (camera['fx'], camera['fy']), (camera['u0'], camera['v0'])
            depth = ray_distance(depth, focal, centre)
        results['depth'] = depth
        finite = depth[np.isfinite(depth)]
        if finite.size and finite.max() > 0:
            results.setdefault('depth_far', float(finite.max()))
        if 'depth' not in results.setdefault('seg_fields', []):
            results['seg_fields'].append('depth')
        return results

    def _without_holes(self, depth: np.ndarray, holes: np.ndarray, path: str) -> np.ndarray:
        if holes.all():
            raise CorruptFileError(
                f'depth file {path} holds no measure: every pixel is a hole', path
            )
        if self.fill_holes:
            return fill_depth_holes(depth, holes)
        depth[holes] = np.inf
        return depth

    def _check(self, depth: np.ndarray, path: str) -> None:
        """Raise for values that are no depth; warn, once, of values that are hardly metres."""
        low = depth.min()
        if not low >= 0:
            what = 'NaN' if np.isnan(low) else f'values down to {low:g}'
            raise CorruptFileError(
                f'depth file {path} holds {what}; depth is 0 or more metres, infinite for the sky '
                '(hole= names the value that means "no measure")',
                path,
            )
        middle = float(np.median(depth[::8, ::8]))
        if _IMPLAUSIBLE < middle < np.inf and not self._warned:
            self._warned = True
            warnings.warn(
                f'depth file {path} has a median of {middle:g} m: is it in millimetres? LoadDepth '
                'takes metres in .npy files, and metres per step as scale= for images',
                stacklevel=3,
            )
