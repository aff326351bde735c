"""Photographs taken in real haze, labelled with PASCAL VOC's classes.

Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020, test their
VOC networks on 100 such images of their own. We know of no public copy; ask the authors, or label
hazy photographs of your own in the same layout.
"""

import os.path as osp

from mmseg.datasets import PascalVOCDataset
from mmseg.registry import DATASETS

#: Images in the set of the paper.
PUBLISHED_IMAGES = 100


@DATASETS.register_module()
class RealHazeDataset(PascalVOCDataset):
    """Hazy photographs in PASCAL VOC's layout, a test set.

    Below ``data_root``: ``JPEGImages/NAME.jpg``, ``SegmentationClass/NAME.png`` (0 to 20, 255
    ignored) and the list ``ann_file`` of names, one a line.

    Args:
        ann_file (str): Defaults to 'test.txt'.
        data_prefix (dict, optional): Folders of images and masks, if they are named otherwise.
        **kwargs: Arguments of mmseg's ``PascalVOCDataset``.

    Raises:
        FileNotFoundError: The list or the folder of images is not there; says how to get them.
    """

    def __init__(
        self, ann_file: str = 'test.txt', data_prefix: dict | None = None, **kwargs
    ) -> None:
        prefix = data_prefix or dict(img_path='JPEGImages', seg_map_path='SegmentationClass')
        root = kwargs.get('data_root') or ''
        for path in (osp.join(root, ann_file), osp.join(root, prefix['img_path'])):
            if not osp.exists(path):
                raise FileNotFoundError(
                    f'RealHazeDataset: {path} is not there. The {PUBLISHED_IMAGES} images of the '
                    'DGN paper have no public link; lay images that you have out as JPEGImages/, '
                    'SegmentationClass/ and test.txt below data_root, then run '
                    '`python tools/prepare_dataset.py real_haze --check`'
                )
        super().__init__(ann_file, data_prefix=prefix, **kwargs)
