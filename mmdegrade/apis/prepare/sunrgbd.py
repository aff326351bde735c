"""SUN RGB-D: 5,285 images for training, 5,050 for testing, masks of 37 classes, depth.

Song, Lichtenberg and Xiao, CVPR 2015. Images and depth come from the authors' ``SUNRGBD.zip``.
The masks of the toolbox (``SUNRGBD2Dseg.mat``) are one MATLAB 7.3 file, which SciPy cannot read;
they are taken as the PNGs that A. Handa extracted from it (github.com/ankurhanda/
sunrgbd-meta-data): ``img-000001`` to ``img-005050`` in the order of its list of test images,
``img-005051`` to ``img-010335`` in that of its training images. 0 is unlabelled.

Depth is ``depth_bfx``, the map that the authors completed; its file name is not always that of
the image, so it is the one PNG of its folder.
"""

import re
from pathlib import Path

from PIL import Image

from .archive import Archive
from .recipe import Recipe, read_list, require_files, write_list

COUNTS = dict(train=5285, test=5050)
_META = 'git clone https://github.com/ankurhanda/sunrgbd-meta-data'
_SCENE = re.compile(r'(?:.*/)?(SUNRGBD/.+/(?:image/[^/]+\.jpg|depth_bfx/[^/]+\.png))')
_MASK = re.compile(r'(?:.*/)?img-(\d{6})\.png')
LISTS = dict(test='sunrgbd_testing_images.txt', train='sunrgbd_training_images.txt')


def place_scene(name: str) -> tuple[str, None] | None:
    """Images and completed depth."""
    found = _SCENE.fullmatch(name)
    return (found[1], None) if found else None


def place_mask(name: str) -> tuple[str, None] | None:
    """Masks, by their running number."""
    found = _MASK.fullmatch(name)
    return (f'labels37/img-{found[1]}.png', None) if found else None


def place_list(name: str) -> tuple[str, None] | None:
    """The two lists of images, kept under their names."""
    stem = name.rpartition('/')[2]
    return (stem, None) if stem in LISTS.values() else None


def depth_of(out: Path, image: str) -> str:
    """Path below ``out`` of the depth map that belongs to an image.

    Raises:
        FileNotFoundError: There is none, or more than one.
    """
    folder = Path(image).parent.parent / 'depth_bfx'
    found = sorted((out / folder).glob('*.png'))
    if len(found) != 1:
        raise FileNotFoundError(
            f'{out / folder}: 1 depth map expected for {image}, {len(found)} found; unpack '
            'SUNRGBD.zip again'
        )
    return (folder / found[0].name).as_posix()


def write_lists(out: Path) -> None:
    """``train.txt`` and ``test.txt`` of "image mask depth" lines; masks count on from the tests."""
    number = 0
    for split, name in LISTS.items():
        lines = []
        for image in read_list(out / name):
            number += 1
            mask = f'labels37/img-{number:06d}.png'
            lines.append(f'{image} {mask} {depth_of(out, image)}')
        write_list(out / f'{split}.txt', lines)


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def count(out: Path) -> dict[str, int]:
    """Lines of the lists. Their files must be there, and image, mask and depth of one size.

    Sizes differ between the four cameras: masks in another order than the images are noticed.
    """
    found = {}
    for split in COUNTS:
        lines = [line.split() for line in read_list(out / f'{split}.txt')]
        require_files([out / part for parts in lines for part in parts], f'{split}.txt')
        for parts in lines:
            sizes = [_size(out / part) for part in parts]
            if len(set(sizes)) > 1:
                raise ValueError(
                    f'{split}.txt: {" ".join(parts)} are of the sizes {sizes} (width, height): '
                    'masks and images do not belong together'
                )
        found[split] = len(lines)
    return found


SUNRGBD = Recipe(
    name='sunrgbd',
    out='data/sunrgbd',
    licence='cite Song et al. (CVPR 2015) and the sources it names (NYU depth v2, Berkeley B3DO, '
    'SUN3D); research use',
    archives={
        Archive(
            'SUNRGBD.zip',
            'https://rgbd.cs.princeton.edu/data/SUNRGBD.zip (6.9 GB)',
            least_bytes=6_000_000_000,
        ): place_scene,
        Archive('sunrgbd_*_labels.tar.gz', _META, least_bytes=1_000_000): place_mask,
        Archive(LISTS['test'], _META): place_list,
        Archive(LISTS['train'], _META): place_list,
    },
    count=count,
    counts=COUNTS,
    finish=write_lists,
)
