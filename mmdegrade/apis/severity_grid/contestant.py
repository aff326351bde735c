"""A model of a grid: any mmseg config and checkpoint, or a network that is built already."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import torch
from mmcv.transforms import LoadImageFromFile
from mmengine.config import Config
from mmseg.registry import TRANSFORMS
from torch import nn

from mmdegrade.datasets.degradation_cells import pipeline_of
from mmdegrade.datasets.transforms import LoadImage

from .fingerprint import CACHE_VERSION, code_hash, file_hash, short_hash, versions, weights_hash
from .weights import check_classes, load_network


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

    @property
    def device(self) -> str:
        """Type of the network's device."""
        return next((p.device.type for p in self.network.parameters()), 'cpu')

    def key(self, classes, batch: int = 1) -> str:
        """Hash of all that a stored count of this model depends on but the image and the cell."""
        return short_hash(
            CACHE_VERSION, code_hash(), versions(), self.settings, self.specs, list(classes),
            self.ignore_index, self.fp16, self.batch_size * batch, self.device,
        )  # fmt: skip


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
    network, trained_on = load_network(cfg, checkpoint, name)
    check_classes(network, trained_on if same_names else None, classes, name)
    file = Path(checkpoint).expanduser()
    pipeline = cfg.test_dataloader.dataset.pipeline
    transforms = [TRANSFORMS.build(part) for part in pipeline]
    network.to(device)
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
        settings=dict(model=_plain(_model_settings(cfg)), weights=weights_hash(network)),
    )


def _model_settings(cfg: Config) -> dict:
    """The model's config, with the preprocessor that holds for it."""
    shared = cfg.get('data_preprocessor')
    return cfg.model if shared is None else {'data_preprocessor': shared, **cfg.model}


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
