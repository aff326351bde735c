"""Tiny copies of the layouts of public datasets, for the tests of datasets and of every config."""

import cv2
import numpy as np


def _image(rng, size) -> np.ndarray:
    return cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), size[::-1])


def _mask(rng, size, labels) -> np.ndarray:
    small = rng.choice(np.asarray(labels, np.uint8), (6, 8))
    small[0, :2] = labels[0], labels[-1]  # always there
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST)


def write(path, image) -> None:
    """Write an image, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def encode_sunrgbd(millimetres: np.ndarray) -> np.ndarray:
    """Depth as SUN RGB-D stores it: 16-bit millimetres rotated left by 3 bits."""
    wide = millimetres.astype(np.uint16)
    return (wide << 3) | (wide >> 13)


def make_voc(
    root,
    images: int = 4,
    size=(48, 64),
    lists=('train_sbd', 'val_sbd'),
    masks: str = 'SegmentationClassAug',
):
    """PASCAL VOC layout below ``root``, which is returned."""
    rng = np.random.default_rng(0)
    folder = root / 'ImageSets' / 'Segmentation'
    folder.mkdir(parents=True, exist_ok=True)
    for name in lists:
        names = [f'{name}_{i:03d}' for i in range(images)]
        for stem in names:
            write(root / 'JPEGImages' / f'{stem}.jpg', _image(rng, size))
            write(root / masks / f'{stem}.png', _mask(rng, size, [*range(21), 255]))
        (folder / f'{name}.txt').write_text('\n'.join(names) + '\n')
    return root


def make_real_haze(root, images: int = 3, size=(48, 64)):
    """The layout of RealHazeDataset below ``root``, which is returned."""
    make_voc(root, images, size, lists=('test',), masks='SegmentationClass')
    (root / 'ImageSets' / 'Segmentation' / 'test.txt').replace(root / 'test.txt')
    return root


def make_sunrgbd(root, images: int = 4, size=(48, 64)):
    """Layout of tools/prepare_dataset.py sunrgbd below ``root``, which is returned."""
    rng = np.random.default_rng(0)
    for split in ('train', 'test'):
        lines = []
        for i in range(images):
            scene = f'SUNRGBD/kv2/kinect2data/{split}_{i:06d}'
            paths = (
                f'{scene}/image/{i}.jpg',
                f'labels37/{split}-{i}.png',
                f'{scene}/depth_bfx/d.png',
            )
            depth = cv2.resize(rng.integers(500, 9000, (6, 8)).astype(np.float32), size[::-1])
            write(root / paths[0], _image(rng, size))
            write(root / paths[1], _mask(rng, size, range(38)))
            write(root / paths[2], encode_sunrgbd(depth))
            lines.append(' '.join(paths))
        (root / f'{split}.txt').write_text('\n'.join(lines) + '\n')
    return root


def make_outdoorseg(root, images: int = 4, size=(48, 64)):
    """Layout of tools/prepare_dataset.py outdoorseg below ``root``, which is returned."""
    rng = np.random.default_rng(0)
    for split, folder in (('train', 'train8800'), ('test', 'valid1100')):
        names = [f'{split}_{i}' for i in range(images)]
        for name in names:
            write(root / folder / 'images' / f'{name}.jpg', _image(rng, size))
            mask = _mask(rng, size, [*range(8), 8, 255])
            write(root / folder / 'annotations' / f'{name}.png', mask)
        (root / f'{split}.txt').write_text('\n'.join(names) + '\n')
    return root


def make_cityscapes(root, images: int = 4, size=(48, 96), suffix='labelTrainIds'):
    """Cityscapes layout below ``root``, which is returned."""
    rng = np.random.default_rng(0)
    labels = [*range(19), 255] if suffix == 'labelTrainIds' else range(34)
    for split, city in (('train', 'aachen'), ('val', 'lindau')):
        for i in range(images):
            stem = f'{city}_000000_{i:06d}'
            write(
                root / 'leftImg8bit' / split / city / f'{stem}_leftImg8bit.png', _image(rng, size)
            )
            mask = _mask(rng, size, labels)
            write(root / 'gtFine' / split / city / f'{stem}_gtFine_{suffix}.png', mask)
    return root


def make_rain_cityscapes(root, images: int = 2, size=(48, 96)):
    """RainCityscapes' layout beside Cityscapes' below ``root``, two versions of each street."""
    make_cityscapes(root, images, size)
    for clean in sorted((root / 'leftImg8bit').rglob('*.png')):
        folder = root / 'leftImg8bit_rain' / clean.parent.relative_to(root / 'leftImg8bit')
        for version in (1, 2):
            image = cv2.imread(str(clean)) // 2 + np.uint8(50 * version)
            write(folder / f'{clean.stem}_rain_alpha_0.01_pattern_{version}.png', image)
    return root
