"""The test data that a config names, and what may be put in their place."""

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

from mmdegrade.engine.checks import check_paths
from mmdegrade.engine.launch import load_config

LOADERS = ('test_dataloader', 'val_dataloader')


def read_config(
    config: str, options: dict | None = None, data: str | None = None, images: int | None = None
) -> Config:
    """Read a config and point its test loader at the images wanted.

    Args:
        config: A config file.
        options: Dotted keys and values to override.
        data: Another config whose test dataset is used instead, with its ``IoUMetric``; or a
            folder that takes the place of ``data_root``. The pipeline stays that of ``config``.
        images: Only the first so many.

    Raises:
        FileNotFoundError: A config or the data is not there.
        ValueError: The config has no test dataset, or a wrapper of several.
    """
    cfg = load_config(config, cfg_options=options)
    dataset = _test_dataset(cfg, config)
    if data is not None and not Path(data).is_dir():
        if '::' not in str(data) and Path(data).suffix != '.py':
            raise FileNotFoundError(
                f'data {str(data)!r}: no such folder (looked from {Path.cwd()}); allowed: a '
                "data_root, or a config (….py) whose test data to use; left out, the model's own"
            )
        other = load_config(data)
        pipeline = dataset.pipeline
        dataset = _test_dataset(other, data)
        dataset.pipeline = pipeline
        cfg.test_dataloader.dataset = dataset
        if other.get('test_evaluator') is not None:
            cfg.test_evaluator = other.test_evaluator
    elif data is not None:
        dataset.data_root = data
    if images is not None:
        if images < 1:
            raise ValueError(f'images={images}; allowed: 1 or more')
        indices = dataset.get('indices')
        dataset.indices = (
            images if indices is None
            else min(images, indices) if isinstance(indices, int)
            else list(indices)[:images]
        )  # fmt: skip
    check_paths(cfg, 'test_dataloader')
    return cfg


def _test_dataset(cfg: Config, name: str):
    """The config's test dataset (that of validation if there is none), which is changed in place.

    ``cfg.test_dataloader`` exists afterwards.
    """
    loader = next((cfg[key] for key in LOADERS if cfg.get(key)), None)
    if loader is None or 'dataset' not in loader:
        raise ValueError(f'{name}: no {LOADERS[0]}.dataset; add it, or name a dataset by --data')
    dataset = loader.dataset
    if 'dataset' in dataset or 'datasets' in dataset:
        raise ValueError(
            f'{name}: {LOADERS[0]}.dataset is a wrapper ({dataset.get("type")}); a grid is over '
            'one dataset: name it by --data'
        )
    cfg.test_dataloader = loader
    return dataset


def build_dataset(cfg: Config):
    """Build the test dataset of a config without its pipeline."""
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'pipeline': []})
    dataset.full_init()
    return dataset
