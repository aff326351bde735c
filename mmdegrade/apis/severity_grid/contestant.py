"""A model of a grid: any mmseg config and checkpoint, or a network that is built already."""

import copy
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS, TRANSFORMS
from torch import nn

from mmdegrade.datasets.degradation_cells import pipeline_of
from mmdegrade.datasets.transforms import LoadImage
from mmdegrade.engine.checks import check_paths
from mmdegrade.engine.launch import check_checkpoint, load_config

from .fingerprint import CACHE_VERSION, code_hash, file_hash, short_hash, versions, weights_hash
from .weights import check_classes, load_weights

LOADERS = ('test_dataloader', 'val_dataloader')


@dataclass
class Contestant:
    """A network in evaluation mode, and how its images are prepared.

    Args:
        name: Unique in a grid.
        network: On its device; predicts by ``test_step``.
        transforms: Its built test pipeline.
        specs: A text for each transform; equal texts mean equal transforms.
        batch_size: Images of a batch, as in its test loader.
        fp16: Autocast, as its ``test_cfg`` says.
        ignore_index, nan_to_num: Of its ``IoUMetric``.
        source: What a reader of the results wants to know: config, checkpoint, its SHA-256.
        settings: What else its counts depend on.
    """

    name: str
    network: nn.Module
    transforms: list
    specs: list[str]
    batch_size: int
    fp16: bool
    ignore_index: int
    nan_to_num: float | None
    source: dict
    settings: dict

    def key(self, classes, batch: int = 1) -> str:
        """Hash of all that a stored count of this model depends on but the image and the cell."""
        device = next((p.device.type for p in self.network.parameters()), 'cpu')
        return short_hash(
            CACHE_VERSION, code_hash(), versions(), self.settings, self.specs, list(classes),
            self.ignore_index, self.fp16, self.batch_size * batch, device,
        )  # fmt: skip


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


def load_contestant(
    cfg: Config, checkpoint: str, name: str, device, classes, same_names: bool = True
) -> Contestant:
    """Build the model of a config, load its weights, put it on its device.

    Args:
        cfg: From :func:`read_config`.
        checkpoint: File or URL.
        name: What the results call it.
        device: Where it predicts.
        classes: Names of the dataset's classes.
        same_names: Also refuse a checkpoint whose classes have other names.

    Raises:
        FileNotFoundError, ValueError: As :func:`load_weights` and :func:`check_classes`.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model = copy.deepcopy(cfg.model)
    if cfg.get('data_preprocessor') is not None:  # as the runner does
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    network = MODELS.build(model)
    trained_on = load_weights(network, check_checkpoint(checkpoint), name)
    check_classes(network, trained_on if same_names else None, classes, name)
    file = Path(checkpoint).expanduser()
    pipeline = cfg.test_dataloader.dataset.pipeline
    transforms = [TRANSFORMS.build(part) for part in pipeline]
    network.to(device)
    network.train(False)
    evaluator = _iou_metric(cfg.get('test_evaluator') or cfg.get('val_evaluator'))
    return Contestant(
        name=name,
        network=network,
        transforms=transforms,
        specs=[_spec(part, built) for part, built in zip(pipeline, transforms, strict=True)],
        batch_size=int(cfg.test_dataloader.get('batch_size', 1)),
        fp16=bool((cfg.get('test_cfg') or {}).get('fp16', False)),
        ignore_index=evaluator.get('ignore_index', 255),
        nan_to_num=evaluator.get('nan_to_num'),
        source=dict(
            config=str(cfg.filename or ''),
            checkpoint=str(checkpoint),
            sha256=file_hash(file) if file.is_file() else None,
        ),
        settings=dict(model=_plain(model), weights=weights_hash(network)),
    )


def wrap_network(network: nn.Module, dataset, name: str) -> Contestant:
    """A network that is built already, with the pipeline of a built dataset or of a config.

    Args:
        network: Anything with ``test_step`` of mmseg; stays on its device, in evaluation mode.
        dataset: A built dataset, or the list of its pipeline's configs.
        name: What the results call it.

    Raises:
        TypeError: The network has no ``test_step``.
    """
    if not hasattr(network, 'test_step'):
        raise TypeError(
            f'{name}: {type(network).__name__} has no test_step; give an mmseg segmentor (from '
            'mmseg.apis.init_model, for example), or (config, checkpoint)'
        )
    network.train(False)
    cfg = getattr(network, 'cfg', None) or {}
    evaluator = _iou_metric(cfg.get('test_evaluator'))
    if isinstance(dataset, (list, tuple)):
        transforms = [TRANSFORMS.build(part) for part in dataset]
        specs = [_spec(part, built) for part, built in zip(dataset, transforms, strict=True)]
    else:
        transforms = pipeline_of(dataset)
        # Nothing says what a built transform was given, so its counts are never taken up again.
        specs = [_spec(uuid.uuid4().hex, built) for built in transforms]
    return Contestant(
        name=name,
        network=network,
        transforms=transforms,
        specs=specs,
        batch_size=1,
        fp16=False,
        ignore_index=evaluator.get('ignore_index', 255),
        nan_to_num=evaluator.get('nan_to_num'),
        source=dict(config=None, checkpoint=None, sha256=None),
        settings=dict(
            model=repr(network),
            test_cfg=str(getattr(network, 'test_cfg', None)),
            preprocessor=_preprocessing(network),
            weights=weights_hash(network),
        ),
    )


def _preprocessing(network: nn.Module) -> str:
    """Settings of a built preprocessor: its plain attributes and its buffers (mean, std)."""
    part = getattr(network, 'data_preprocessor', None)
    if part is None:
        return ''
    buffers = {name: value.tolist() for name, value in part.named_buffers()}
    plain = {key: value for key, value in vars(part).items() if not key.startswith('_')}
    return str((type(part).__name__, sorted(buffers.items()), sorted(map(str, plain.items()))))


def _iou_metric(evaluators) -> dict:
    """Settings of the config's IoUMetric; the defaults where it has none."""
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    found = [one for one in evaluators or () if str(one.get('type')).endswith('IoUMetric')]
    return found[0] if found else {}


def _spec(part, built) -> str:
    """Text of a transform; LoadImage and LoadImageFromFile give the same pixels and one text."""
    if type(built) in (LoadImage, LoadImageFromFile):
        names = ('to_float32', 'color_type', 'imdecode_backend', 'backend_args', 'file_client_args')
        return f'image {[str(getattr(built, name, None)) for name in names]}'
    return json.dumps(_plain(part), sort_keys=True)


def _plain(value):
    """A config value in JSON's types."""
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(child) for child in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, torch.Tensor):
        return value.tolist()
    return getattr(value, '__qualname__', str(value))
