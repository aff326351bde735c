"""The real-haze test set of the DGN paper: checked only, since it has no public link.

Guo et al., TIP 2020: 100 photographs taken in haze, labelled with PASCAL VOC's classes.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from .recipe import Recipe, read_list, require_files


def count(out: Path) -> dict[str, int]:
    """Names in ``test.txt``; images and masks must be there, of one size, with VOC's labels."""
    names = read_list(out / 'test.txt')
    images = [out / 'JPEGImages' / f'{name}.jpg' for name in names]
    masks = [out / 'SegmentationClass' / f'{name}.png' for name in names]
    require_files(images, 'test.txt')
    require_files(masks, 'test.txt')
    for image, mask in zip(images, masks, strict=True):
        with Image.open(image) as photograph, Image.open(mask) as labels:
            if photograph.size != labels.size:
                raise ValueError(f'{image} is {photograph.size}, {mask} is {labels.size}')
            wrong = sorted({*np.unique(np.asarray(labels)).tolist()} - {*range(21), 255})
        if wrong:
            raise ValueError(f'{mask} holds labels {wrong[:5]}; allowed: 0 to 20, and 255')
    return dict(test=len(names))


REAL_HAZE = Recipe(
    name='real_haze',
    out='data/real_haze',
    licence='ask the authors of the paper; there is no public link that we know of',
    archives={},
    count=count,
    counts=dict(test=100),
)
