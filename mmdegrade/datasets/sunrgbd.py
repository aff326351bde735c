"""SUN RGB-D: 37 classes, 5,285 images for training and 5,050 for testing, with depth.

Song, Lichtenberg and Xiao, "SUN RGB-D: A RGB-D Scene Understanding Benchmark Suite", CVPR 2015.
Classes are the ``seg37list`` of its toolbox; split and order are the official ones. Used by DGN
(Table I of the paper), where depth makes the haze.

Deviation: the toolbox has no colours; ours are those of PASCAL VOC's rule, numbers 1 to 37.
"""

import os.path as osp

from mmengine.fileio import list_from_file
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

CLASSES = (
    'wall', 'floor', 'cabinet', 'bed', 'chair', 'sofa', 'table', 'door', 'window', 'bookshelf',
    'picture', 'counter', 'blinds', 'desk', 'shelves', 'curtain', 'dresser', 'pillow', 'mirror',
    'floor_mat', 'clothes', 'ceiling', 'books', 'fridge', 'tv', 'paper', 'towel',
    'shower_curtain', 'box', 'whiteboard', 'person', 'night_stand', 'toilet', 'sink', 'lamp',
    'bathtub', 'bag',
)  # fmt: skip


def voc_colour(label: int) -> list[int]:
    """RGB of a label by PASCAL VOC's rule: its bits, taken in threes, fill bytes from the top."""
    colour = [0, 0, 0]
    for place in range(8):
        for channel in range(3):
            colour[channel] |= (label >> (3 * place + channel) & 1) << (7 - place)
    return colour


PALETTE = [voc_colour(label) for label in range(1, len(CLASSES) + 1)]


@DATASETS.register_module()
class SUNRGBDDataset(BaseSegDataset):
    """SUN RGB-D as ``tools/prepare_dataset.py sunrgbd`` lays it out.

    Masks hold 0 for unlabelled, which is ignored, and 1 to 37 for the classes. A list line is
    ``image mask depth``, paths below ``data_root``; ``depth`` may be left out. Depth reaches
    ``LoadDepth(format='sunrgbd')`` as ``depth_path``.

    Args:
        ann_file (str): List below ``data_root``: ``'train.txt'`` or ``'test.txt'``.
        **kwargs: Arguments of mmseg's ``BaseSegDataset``.

    Raises:
        FileNotFoundError: The list is not there.
        ValueError: ``ann_file`` is missing, or a line does not name two or three files.
    """

    METAINFO = dict(classes=CLASSES, palette=PALETTE)

    def __init__(self, ann_file: str = '', reduce_zero_label: bool = True, **kwargs) -> None:
        if not ann_file:
            raise ValueError(
                "SUNRGBDDataset: ann_file is empty; allowed: 'train.txt', 'test.txt' or another "
                'list of "image mask depth" lines below data_root'
            )
        super().__init__(ann_file=ann_file, reduce_zero_label=reduce_zero_label, **kwargs)

    def load_data_list(self) -> list[dict]:
        if not osp.isfile(self.ann_file):
            raise FileNotFoundError(
                f'SUN RGB-D list not found: {self.ann_file}. Make it with '
                '`python tools/prepare_dataset.py sunrgbd`, or set data_root'
            )
        data_list = []
        for number, line in enumerate(list_from_file(self.ann_file), start=1):
            parts = line.split()
            if not parts:
                continue
            if len(parts) not in (2, 3):
                raise ValueError(
                    f'{self.ann_file}:{number}: expected "image mask depth", got {line!r}'
                )
            info = dict(
                zip(('img_path', 'seg_map_path', 'depth_path'), self._paths(parts), strict=False)
            )
            data_list.append(
                dict(
                    info,
                    label_map=self.label_map,
                    reduce_zero_label=self.reduce_zero_label,
                    seg_fields=[],
                )
            )
        return data_list

    def _paths(self, parts: list[str]) -> list[str]:
        return [osp.join(self.data_root or '', part) for part in parts]
