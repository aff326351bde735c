"""PASCAL VOC 2012 with the masks and lists of SBD: 8,498 and 2,857 images.

Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010; Hariharan et al.,
"Semantic Contours from Inverse Detectors" (SBD), ICCV 2011. 8,498/2,857 are SBD's own train and
val lists, and the split of the DGN paper. Masks become PNGs in ``SegmentationClassAug``, the
folder that MMSegmentation's own converter writes, so that one serves both; SBD's masks mark no
borders (no 255).
"""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from .archive import Archive
from .recipe import Recipe, read_list, require_files

COUNTS = dict(train_sbd=8498, val_sbd=2857, train=1464, val=1449)
_VOC = re.compile(
    r'(?:.*/)?VOC2012/(JPEGImages/[^/]+\.jpg|SegmentationClass/[^/]+\.png'
    r'|ImageSets/Segmentation/(?:train|val|trainval)\.txt)'
)
_SBD = re.compile(r'(?:.*/)?dataset/(?:cls/([^/]+)\.mat|(train|val)\.txt)')


def place_voc(name: str) -> tuple[str, None] | None:
    """Images, masks and lists of the segmentation task."""
    found = _VOC.fullmatch(name)
    return (found[1], None) if found else None


def mask_of_mat(data: bytes) -> bytes:
    """An SBD ``cls/NAME.mat`` as a PNG of labels 0 to 20.

    Raises:
        ImportError: SciPy is not installed.
        ValueError: The file is not one of SBD.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ImportError(
            'SBD stores its masks as MATLAB files, which SciPy reads: pip install scipy'
        ) from error
    try:
        mask = loadmat(io.BytesIO(data))['GTcls']['Segmentation'][0, 0]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise ValueError(f'no GTcls.Segmentation of SBD in it ({error})') from error
    if mask.ndim != 2 or not np.isin(mask, range(21)).all():
        raise ValueError(f'its mask of shape {mask.shape} holds other labels than 0 to 20')
    buffer = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8)).save(buffer, 'PNG')
    return buffer.getvalue()


def place_sbd(name: str):
    """Masks, converted, and lists, renamed to ``train_sbd.txt`` and ``val_sbd.txt``."""
    found = _SBD.fullmatch(name)
    if not found:
        return None
    if found[1]:
        return f'SegmentationClassAug/{found[1]}.png', mask_of_mat
    return f'ImageSets/Segmentation/{found[2]}_sbd.txt', None


def count(out: Path) -> dict[str, int]:
    """Names in the four lists; the image and mask of each must be there."""
    found = {}
    for name in COUNTS:
        masks = 'SegmentationClassAug' if name.endswith('_sbd') else 'SegmentationClass'
        names = read_list(out / 'ImageSets' / 'Segmentation' / f'{name}.txt')
        require_files([out / 'JPEGImages' / f'{stem}.jpg' for stem in names], f'{name}.txt')
        require_files([out / masks / f'{stem}.png' for stem in names], f'{name}.txt')
        found[name] = len(names)
    return found


VOC = Recipe(
    name='voc',
    out='data/VOCdevkit/VOC2012',
    licence="the photographs are under Flickr's terms of use, and SBD is for research; nothing to "
    'sign',
    archives={
        Archive(
            'VOCtrainval_11-May-2012*.tar',
            'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar (2.0 GB)',
            least_bytes=1_900_000_000,
        ): place_voc,
        Archive(
            'benchmark*.tgz',
            'https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/'
            'semantic_contours/benchmark.tgz (1.4 GB)',
            least_bytes=1_300_000_000,
        ): place_sbd,
    },
    count=count,
    counts=COUNTS,
)
