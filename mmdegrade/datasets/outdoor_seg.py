"""OutdoorSeg: photographs of outdoor scenes, 8 classes, 8,800 for training and 1,100 for testing.

The second data set of SDABN (Xu et al., "Synergy between Semantic Segmentation and Image Denoising
via Alternate Boosting", 2021/2023), put together from public photographs. What is known of it, and
from where:

- numbers, folders (``train8800``, ``valid1100``) and that 255 is ignored: the authors' code,
  repository powder21/SDABN, whose README has the link;
- names, order and colours of the classes: the code of Wang et al., "Recovering Realistic Texture in
  Image Super-resolution by Deep Spatial Feature Transform" (CVPR 2018; xinntao/SFTGAN), whose
  outdoor-scene classes these are. SDABN gives their number only. Background is one of the 8 there,
  and 8 stands for "no class" as well as 255.

Not known: under which licence the photographs are, and the names of the files. We could not
download the set; with lists or folders of your own the class is the same.
"""

import os.path as osp

from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

CLASSES = ('background', 'sky', 'water', 'grass', 'mountain', 'building', 'plant', 'animal')
PALETTE = [
    [153, 153, 153], [0, 255, 255], [109, 158, 235], [183, 225, 205], [153, 0, 255], [17, 85, 204],
    [106, 168, 79], [224, 102, 102],
]  # fmt: skip
VOID = 8


@DATASETS.register_module()
class OutdoorSegDataset(BaseSegDataset):
    """OutdoorSeg: ``FOLDER/images/NAME.jpg``, ``FOLDER/annotations/NAME.png``.

    Masks hold 0 to 7; 8 and 255 are ignored.

    Args:
        folder (str): Below ``data_root``: ``'train8800'`` or ``'valid1100'``, or one of your own.
        ann_file (str): List of names without suffix, one a line, below ``data_root``. Defaults to
            all images of the folder.
        img_suffix (str): Defaults to '.jpg'.
        data_prefix (dict, optional): Folders of images and masks, if they are named otherwise.
        **kwargs: Arguments of mmseg's ``BaseSegDataset``.

    Raises:
        ValueError: Neither ``folder`` nor ``data_prefix``.
        FileNotFoundError: The list or the folder of images is not there; says how to get them.
    """

    METAINFO = dict(classes=CLASSES, palette=PALETTE)

    def __init__(
        self,
        folder: str = '',
        ann_file: str = '',
        img_suffix: str = '.jpg',
        data_prefix: dict | None = None,
        **kwargs,
    ) -> None:
        if not folder and data_prefix is None:
            raise ValueError(
                "OutdoorSegDataset: folder is empty; allowed: 'train8800', 'valid1100' or another "
                'folder below data_root that holds images/ and annotations/'
            )
        prefix = data_prefix or dict(
            img_path=f'{folder}/images', seg_map_path=f'{folder}/annotations'
        )
        root = kwargs.get('data_root') or ''
        for path in (prefix['img_path'], ann_file):
            if path and not osp.exists(osp.join(root, path)):
                raise FileNotFoundError(
                    f'OutdoorSegDataset: {osp.join(root, path)} is not there. '
                    '`python tools/prepare_dataset.py outdoorseg` says what to download; or name '
                    'folders and lists of your own by folder, data_prefix and ann_file'
                )
        super().__init__(ann_file=ann_file, img_suffix=img_suffix, data_prefix=prefix, **kwargs)

    @classmethod
    def get_label_map(cls, new_classes=None) -> dict:
        return {**(super().get_label_map(new_classes) or {}), VOID: 255}
