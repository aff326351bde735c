"""RainCityscapes: Cityscapes' streets under rendered rain and fog, several versions of each.

Hu et al., "Depth-Attentional Features for Single-Image Rain Removal", CVPR 2019. Names are
``<city>_<sequence>_<frame>_leftImg8bit_rain_alpha_…_pattern_<n>.png``; clean images and masks are
those of Cityscapes, which it leaves out.
"""

import os.path as osp

from mmengine import fileio
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from .clean_images import list_images

_MARK = '_leftImg8bit'


@DATASETS.register_module()
class RainCityscapesDataset(CityscapesDataset):
    """Rainy images with Cityscapes' masks, and the paths of the clean images.

    Pipeline: ``LoadImage``, ``LoadCleanImage``, ``LoadMask``, … Expects, below ``data_root``,
    ``leftImg8bit_rain/<split>/<city>/`` beside Cityscapes' ``leftImg8bit/`` and ``gtFine/``
    (``…_gtFine_labelTrainIds.png``).

    Args:
        data_prefix (dict): ``dict(img_path=…, clean_path=…, seg_map_path=…)``.
        **kwargs: Arguments of mmseg's ``BaseSegDataset``.

    Raises:
        FileNotFoundError: No such folder, or an image whose clean version or mask is not there.
        ValueError: A prefix that is not set, or a file that is named otherwise.
    """

    def load_data_list(self) -> list[dict]:
        for key in ('img_path', 'clean_path', 'seg_map_path'):
            if not self.data_prefix.get(key):
                raise ValueError(
                    f'RainCityscapesDataset: data_prefix.{key} is not set; e.g. dict(img_path='
                    "'leftImg8bit_rain/train', clean_path='leftImg8bit/train', "
                    "seg_map_path='gtFine/train')"
                )
        folder = self.data_prefix['img_path']
        return [self._entry(name) for name in list_images(folder, ['.png'])]

    def _entry(self, name: str) -> dict:
        path = osp.join(self.data_prefix['img_path'], name)
        stem, mark, _ = name.partition(_MARK)
        if not mark:
            raise ValueError(f'RainCityscapesDataset: {path} has no {_MARK!r} in its name')
        clean = osp.join(self.data_prefix['clean_path'], f'{stem}{_MARK}.png')
        mask = osp.join(self.data_prefix['seg_map_path'], f'{stem}{self.seg_map_suffix}')
        for what, other in (('clean version', clean), ('mask', mask)):
            if not fileio.exists(other, self.backend_args):
                raise FileNotFoundError(f'{path}: its {what} {other} is not there')
        return dict(
            img_path=path,
            clean_path=clean,
            seg_map_path=mask,
            label_map=self.label_map,
            reduce_zero_label=self.reduce_zero_label,
            seg_fields=[],
        )
