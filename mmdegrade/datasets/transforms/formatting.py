"""Pack a degraded image, its clean version and what was done to it for the model."""

import torch
from mmengine.registry import TRANSFORMS
from mmengine.structures import PixelData
from mmseg.datasets.transforms import PackSegInputs

from .paired import check_aligned


@TRANSFORMS.register_module()
class PackDegradeInputs(PackSegInputs):
    """mmseg's ``PackSegInputs``, plus the clean image and the degradation record.

    ``inputs`` stays the single degraded 3×H×W tensor, so that stock segmentors train on the same
    loader. The clean image goes to ``data_sample.clean_img`` (``PixelData``, 3×H×W, the dtype of
    the pipeline, BGR as loaded); ``degradations`` and ``restorations`` join the meta
    information.

    Args:
        meta_keys (Sequence[str]): Keys of ``results`` to keep as meta information.
    """

    def __init__(
        self,
        meta_keys=(
            'img_path', 'seg_map_path', 'ori_shape', 'img_shape', 'pad_shape', 'scale_factor',
            'flip', 'flip_direction', 'reduce_zero_label', 'degradations', 'restorations',
        ),
    ) -> None:  # fmt: skip
        super().__init__(meta_keys=meta_keys)

    def transform(self, results: dict) -> dict:
        # In testing mmseg loads the mask after resizing, at its own size: no check there.
        clean = results.get('clean_img')
        if clean is not None:
            check_aligned({'img': results['img'], 'clean_img': clean, **_paths(results)})
        packed = super().transform(results)
        if clean is not None:
            # ascontiguousarray would keep the negative stride of a flipped image one pixel wide.
            tensor = torch.from_numpy(clean.transpose(2, 0, 1).copy())
            packed['data_samples'].clean_img = PixelData(data=tensor)
        return packed


def _paths(results: dict) -> dict:
    return {key: results[key] for key in ('img_path', 'clean_path') if key in results}
