"""Which files of a dataset are images to degrade, and which are linked beside them."""

import fnmatch
import os
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from PIL import Image, UnidentifiedImageError

from mmdegrade.engine.checks import leaf_datasets

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
# Grey and palette pictures are masks, unless someone says otherwise.
_MASK_MODES = ('1', 'L', 'LA', 'P', 'I', 'F')
LOADERS = {split: f'{split}_dataloader' for split in ('train', 'val', 'test')}


@dataclass
class DatasetTree:
    """Files of a dataset, by their paths below ``root``.

    Args:
        root: The dataset's folder.
        images: Images to degrade; path -> what loading needs besides the image (``depth_path``).
        others: Files that belong to the dataset as they are: masks, lists, depth.
        left_out: Images that no list names.
    """

    root: Path
    images: dict[str, dict]
    others: list[str]
    left_out: list[str] = field(default_factory=list)


def _files(root: Path) -> list[str]:
    found = []
    for folder, names, files in os.walk(root, followlinks=True):
        names.sort()
        found += [Path(folder, name).relative_to(root).as_posix() for name in files]
    return sorted(found)


def _below(root: Path, path: str) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _looks_like_mask(path: Path) -> bool:
    try:
        with Image.open(path) as picture:
            return picture.mode.split(';')[0] in _MASK_MODES
    except (UnidentifiedImageError, OSError):
        return False  # not readable: degrading will name it


def tree_of_folder(root, images: str | None = None) -> DatasetTree:
    """Files of a folder.

    Args:
        root: The folder.
        images: Pattern of the images' paths below ``root`` (``'leftImg8bit/*'``; ``*`` crosses
            slashes). None: every colour image; grey and palette ones are taken for masks.

    Raises:
        NotADirectoryError: ``root`` is no folder.
        ValueError: No image found.
    """
    root = Path(root)
    if not root.is_dir():
        raise NotADirectoryError(f'no such folder: {root}')
    chosen, others = {}, []
    for name in _files(root):
        is_image = name.lower().endswith(IMAGE_SUFFIXES) and (
            not _looks_like_mask(root / name) if images is None else fnmatch.fnmatch(name, images)
        )
        if is_image:
            chosen[name] = {}
        else:
            others.append(name)
    if not chosen:
        which = 'colour image' if images is None else f'image that matches {images!r}'
        raise ValueError(f'no {which} ({", ".join(IMAGE_SUFFIXES)}) in {root}')
    return DatasetTree(root, chosen, others)


def add_depth(tree: DatasetTree, folder) -> None:
    """Give every image of a tree the depth map of its name (``.npy`` or ``.png``) in a folder.

    Raises:
        FileNotFoundError: An image has none; names where it was looked for.
    """
    for name, info in tree.images.items():
        stem = Path(folder) / Path(name).with_suffix('')
        found = [p for p in (stem.with_suffix(s) for s in ('.npy', '.png')) if p.is_file()]
        if not found:
            raise FileNotFoundError(f'no depth map of {name}: {stem}.npy (or .png) is not there')
        info['depth_path'] = str(found[0])


def tree_of_config(cfg, splits=tuple(LOADERS)) -> DatasetTree:
    """Files of the datasets that a config's loaders name, with their depth maps.

    Images outside their lists are left out, so that no clean one slips into the degraded dataset.

    Args:
        cfg (Config): Config with ``train_dataloader`` and the like.
        splits: Which of the loaders.

    Raises:
        KeyError: The config lacks a loader asked for.
        ValueError: The datasets have no ``data_root`` or not the same one, or hold no image file.
    """
    init_default_scope('mmseg')
    infos, roots = [], set()
    for split in splits:
        if LOADERS[split] not in cfg:
            raise KeyError(f'the config has no {LOADERS[split]}; leave {split} out of --splits')
        for dataset_cfg in leaf_datasets(cfg[LOADERS[split]]['dataset']):
            dataset = DATASETS.build({**dataset_cfg, 'pipeline': []})
            roots.add(dataset.data_root)
            infos += [dataset.get_data_info(index) for index in range(len(dataset))]
    if len(roots) != 1 or not all(roots):
        raise ValueError(
            f'the datasets of {", ".join(splits)} need one data_root, got {sorted(map(str, roots))}'
        )
    root = Path(roots.pop())
    images = {
        _below(root, info['img_path']): {
            key: info[key] for key in ('depth_path', 'camera_path', 'depth_far') if key in info
        }
        for info in infos
    }
    if not images:
        raise ValueError(f'the datasets of {", ".join(splits)} hold no image')
    named = {
        _below(root, info[key])
        for info in infos
        for key in ('seg_map_path', 'depth_path')
        if key in info
    }
    everything = _files(root)
    others = [
        name
        for name in everything
        if name not in images and (name in named or not name.lower().endswith(IMAGE_SUFFIXES))
    ]
    left_out = sorted(set(everything) - set(images) - set(others))
    return DatasetTree(root, images, others, left_out)
