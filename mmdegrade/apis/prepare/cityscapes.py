"""Cityscapes: 2,975 images for training, 500 for validation, masks of 19 classes.

Cordts et al., "The Cityscapes Dataset", CVPR 2016. ``labelTrainIds`` masks, which the download
lacks, are made from ``labelIds`` by the table of the authors' ``labels.py``; drawing them from
the polygons (cityscapesScripts) gives the same.
"""

import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from .archive import Archive
from .recipe import Recipe, require_files

#: The 19 classes that count: label id -> train id.
TRAIN_IDS = {
    7: 0, 8: 1, 11: 2, 12: 3, 13: 4, 17: 5, 19: 6, 20: 7, 21: 8, 22: 9, 23: 10, 24: 11, 25: 12,
    26: 13, 27: 14, 28: 15, 31: 16, 32: 17, 33: 18,
}  # fmt: skip
COUNTS = dict(train=2975, val=500)
_IMAGE = re.compile(r'(?:.*/)?(leftImg8bit/(?:train|val)/[^/]+/[^/]+_leftImg8bit\.png)')
_LABELS = re.compile(r'(?:.*/)?(gtFine/(?:train|val)/[^/]+/[^/]+_gtFine_)labelIds\.png')
_LICENCE = 'register at https://www.cityscapes-dataset.com and accept its terms (research use)'

_TABLE = np.full(256, 255, np.uint8)
_TABLE[list(TRAIN_IDS)] = list(TRAIN_IDS.values())


def train_ids(data: bytes) -> bytes:
    """A ``labelIds`` PNG as a ``labelTrainIds`` PNG: 0 to 18, and 255 for the rest.

    Raises:
        ValueError: The file is no single-channel image.
    """
    try:
        labels = np.asarray(Image.open(io.BytesIO(data)))
    except OSError as error:
        raise ValueError(f'it is no image ({error})') from error
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise ValueError(f'labels are {labels.dtype} of shape {labels.shape}, not 8-bit, 1 channel')
    buffer = io.BytesIO()
    Image.fromarray(_TABLE[labels]).save(buffer, 'PNG')
    return buffer.getvalue()


def place_image(name: str) -> tuple[str, None] | None:
    """Images of train and val."""
    found = _IMAGE.fullmatch(name)
    return (found[1], None) if found else None


def place_labels(name: str):
    """Masks of train and val, converted; nothing else of gtFine is needed."""
    found = _LABELS.fullmatch(name)
    return (f'{found[1]}labelTrainIds.png', train_ids) if found else None


def count(out: Path) -> dict[str, int]:
    """Images by split, each of which must have its mask."""
    found = {}
    for split in COUNTS:
        images = sorted((out / 'leftImg8bit' / split).glob('*/*_leftImg8bit.png'))
        masks = [
            out / 'gtFine' / split / path.parent.name
            / path.name.replace('_leftImg8bit', '_gtFine_labelTrainIds')
            for path in images
        ]  # fmt: skip
        require_files(masks, f'gtFine/{split}')
        found[split] = len(images)
    return found


CITYSCAPES = Recipe(
    name='cityscapes',
    out='data/cityscapes',
    licence=_LICENCE,
    archives={
        Archive(
            'leftImg8bit_trainvaltest*.zip',
            'https://www.cityscapes-dataset.com/downloads (11 GB)',
            least_bytes=11_000_000_000,
        ): place_image,
        Archive(
            'gtFine_trainvaltest*.zip',
            'https://www.cityscapes-dataset.com/downloads (241 MB)',
            least_bytes=230_000_000,
        ): place_labels,
    },
    count=count,
    counts=COUNTS,
)
