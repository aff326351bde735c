"""OutdoorSeg: 8,800 images for training, 1,100 for testing, masks of 8 classes.

The set of SDABN (Xu et al., 2021). Its authors link a OneDrive download in the README of
powder21/SDABN; numbers and the names of the two folders are those of their code. What the download
is called and how its folders are nested is not known to us: any nesting is accepted, from an
archive or an unpacked folder named ``OutdoorSeg…``.
"""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from .archive import Archive
from .recipe import Recipe, require_files, write_list

#: Split -> folder and number of images.
FOLDERS = dict(train=('train8800', 8800), test=('valid1100', 1100))
_WANTED = re.compile(
    r'(?:.*/)?((?:train8800|valid1100)/(?:images/[^/]+\.jpg|annotations/[^/]+\.png))'
)
_LABELS = {*range(9), 255}  # 8 and 255: no class


def place(name: str) -> tuple[str, None] | None:
    """Images and masks."""
    found = _WANTED.fullmatch(name)
    return (found[1], None) if found else None


def _names(out: Path, folder: str) -> list[str]:
    return sorted(path.stem for path in (out / folder / 'images').glob('*.jpg'))


def write_lists(out: Path) -> None:
    """``train.txt`` and ``test.txt``: the names of each folder, without suffix."""
    for split, (folder, _) in FOLDERS.items():
        write_list(out / f'{split}.txt', _names(out, folder))


def count(out: Path) -> dict[str, int]:
    """Images by split; each needs a mask of its size, with labels 0 to 8 and 255 only.

    Raises:
        FileNotFoundError: A mask is missing.
        ValueError: A mask is of another size than its image, or holds another label.
    """
    found = {}
    for split, (folder, _) in FOLDERS.items():
        names = _names(out, folder)
        masks = [out / folder / 'annotations' / f'{name}.png' for name in names]
        require_files(masks, f'{folder}/annotations')
        for name, mask in zip(names, masks, strict=True):
            _check(out / folder / 'images' / f'{name}.jpg', mask)
        found[split] = len(names)
    return found


def _check(image: Path, mask: Path) -> None:
    with Image.open(image) as photograph, Image.open(mask) as labels:
        if photograph.size != labels.size:
            raise ValueError(
                f'{image} is {photograph.size}, {mask} is {labels.size} (width, height)'
            )
        wrong = sorted({*np.unique(np.asarray(labels)).tolist()} - _LABELS)
    if wrong:
        raise ValueError(f'{mask} holds labels {wrong[:5]}; allowed: 0 to 7, and 8 or 255 for none')


OUTDOORSEG = Recipe(
    name='outdoorseg',
    out='data/outdoorseg',
    licence='the authors state none, and the photographs are other people’s: ask them '
    '(github.com/powder21/SDABN) before any use beyond research',
    archives={
        Archive(
            'OutdoorSeg*',
            'https://1drv.ms/u/s!Ap2bi3TSun55lXmvV_7DmsJm3I1O?e=C5MYoF (linked by the README of '
            'github.com/powder21/SDABN); name the file, or the folder that holds train8800 and '
            'valid1100, OutdoorSeg',
            is_folder=True,
        ): place
    },
    count=count,
    counts={split: number for split, (_, number) in FOLDERS.items()},
    finish=write_lists,
)
