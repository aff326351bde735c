"""Carry the clean image through stock geometry together with the degraded one.

MMCV's ``TransformBroadcaster`` would crop both images and leave the mask uncropped, silently.
Six channels in ``results['img']`` go through resize, crop, flip and rotate as one image, next to
the mask. Not through ``Pad``: OpenCV pads at most four channels, and the preprocessor (``size``,
``size_divisor``) pads image, clean image and mask alike.
"""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

_PATHS = {'clean_img': 'clean_path', 'gt_seg_map': 'seg_map_path', 'depth': 'depth_path'}


def check_aligned(results: dict) -> None:
    """Raise unless image, clean image, mask and depth in ``results`` have one height and width.

    Raises:
        ValueError: Names the files and both sizes.
    """
    size = results['img'].shape[:2]
    for name in ('clean_img', *results.get('seg_fields', ())):
        other = results.get(name)
        if other is not None and other.shape[:2] != size:
            path = results.get('img_path')
            theirs = results.get(_PATHS.get(name), path)
            raise ValueError(
                f'image and {name} differ in size: {path} is {size[0]}x{size[1]}, {theirs} is '
                f'{other.shape[0]}x{other.shape[1]} (height x width)'
            )


@TRANSFORMS.register_module()
class StackPair(BaseTransform):
    """Stack degraded and clean image: ``img`` H×W×3 + ``clean_img`` H×W×3 → ``img`` H×W×6.

    Geometry only between this and :class:`SplitPair`: colour transforms expect three channels,
    and belong before ``Degrade``. ``RandomRotate`` needs its default ``pad_val=0``, since OpenCV
    gives other values to some of the channels only.

    Raises:
        ValueError: There is no clean image, or the sizes differ.
    """

    def transform(self, results: dict) -> dict:
        if 'clean_img' not in results:
            raise ValueError(
                'StackPair: no clean image; set Degrade(keep_clean=True) before it (or '
                'LoadCleanImage, for paired folders)'
            )
        check_aligned(results)
        img, clean = results['img'], results.pop('clean_img')
        results['pair_dtypes'] = (img.dtype, clean.dtype)
        results['img'] = np.concatenate([img, clean], axis=2, dtype=np.result_type(img, clean))
        return results


@TRANSFORMS.register_module()
class SplitPair(BaseTransform):
    """Undo :class:`StackPair`: ``img`` H×W×6 → ``img`` and ``clean_img``, each H×W×3.

    Each gets back its dtype (a uint8 image that travelled as float32 is rounded and clipped).

    Raises:
        ValueError: ``img`` was not stacked.
    """

    def transform(self, results: dict) -> dict:
        if 'pair_dtypes' not in results or results['img'].shape[2:] != (6,):
            raise ValueError(
                f'SplitPair: img has shape {results["img"].shape}; it needs the 6 channels that '
                'StackPair makes, and no colour transform in between'
            )
        dtypes = results.pop('pair_dtypes')
        halves = results['img'][..., :3], results['img'][..., 3:]
        for name, half, dtype in zip(('img', 'clean_img'), halves, dtypes, strict=True):
            if dtype == np.uint8 and half.dtype != np.uint8:
                half = np.clip(np.rint(half), 0, 255)
            results[name] = np.ascontiguousarray(half.astype(dtype, copy=False))
        return results
