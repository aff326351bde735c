"""Caltech-256: 30,607 images of 257 classes, split for fidelity calibration.

Griffin, Holub and Perona, "Caltech-256 Object Category Dataset", 2007. Lin et al. (FG-NIC) train on
60 images of a class, of which 20 % are for validation; which ones is not published. Ours: drawn
from one seed, class by class, all classes with the clutter (257); the rest is for testing.
"""

import re
from pathlib import Path

import numpy as np

from .archive import Archive
from .recipe import Recipe, read_list, require_files, write_list

IMAGES = '256_ObjectCategories'
PER_CLASS, HELD_OUT = 60, 12
COUNTS = dict(train=257 * 48, val=257 * 12, test=30_607 - 257 * 60)
_IMAGE = re.compile(rf'(?:.*/)?({IMAGES}/\d{{3}}\.[^/]+/\d{{3}}_\d{{4}}\.jpg)')


def place(name: str) -> tuple[str, None] | None:
    """Images; the archive also holds copies under other names."""
    found = _IMAGE.fullmatch(name)
    return (found[1], None) if found else None


def split(names: list[str], seed: int = 0) -> tuple[list[str], list[str], list[str]]:
    """Training, validation and test images of one class, each in order.

    Args:
        names (list[str]): Names of more than 60 images.
        seed (int): Of the draw, which also depends on the number of images only.

    Raises:
        ValueError: Too few images.
    """
    if len(names) <= PER_CLASS:
        raise ValueError(
            f'{names[0].rpartition("/")[0] if names else IMAGES} has {len(names)} images; '
            f'more than {PER_CLASS} are needed'
        )
    names = sorted(names)
    order = np.random.default_rng(seed).permutation(len(names))
    parts = np.split(order, [PER_CLASS - HELD_OUT, PER_CLASS])
    return tuple([names[i] for i in sorted(part)] for part in parts)


def finish(out: Path) -> None:
    """Write ``train.txt``, ``val.txt`` and ``test.txt``: path and label."""
    lists = dict(train=[], val=[], test=[])
    folders = sorted(folder for folder in (out / IMAGES).iterdir() if folder.is_dir())
    for label, folder in enumerate(folders):
        names = [f'{folder.name}/{path.name}' for path in folder.glob('*.jpg')]
        for lines, part in zip(lists.values(), split(names), strict=True):
            lines += [f'{name} {label}' for name in part]
    for name, lines in lists.items():
        write_list(out / f'{name}.txt', lines)


def count(out: Path) -> dict[str, int]:
    """Lines of the three lists; the image of each must be there."""
    found = {}
    for name in COUNTS:
        lines = read_list(out / f'{name}.txt')
        paths = [out / IMAGES / line.rpartition(' ')[0] for line in lines]
        require_files(paths, f'{name}.txt')
        found[name] = len(lines)
    return found


CALTECH256 = Recipe(
    name='caltech256',
    out='data/caltech256',
    licence='CC BY 4.0 as released by Caltech; the photographs come from the web',
    archives={
        Archive(
            '256_ObjectCategories*.tar',
            'https://data.caltech.edu/records/nyy15-4j048 (1.2 GB)',
            least_bytes=1_000_000_000,
        ): place
    },
    count=count,
    counts=COUNTS,
    finish=finish,
)
