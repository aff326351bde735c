"""Write a trained network as a plain mmseg config and checkpoint, with no trace of mmdegrade.

DGN changes how a network is trained, not how it predicts: what goes into production is the
segmentor alone, and stock MMSegmentation loads it.
"""

import os
import os.path as osp

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmseg.registry import MODELS, TRANSFORMS

from mmdegrade.models.clean_checkpoint import load_clean_checkpoint

#: Our transforms that stock mmseg has an equal of; others of ours are left out.
STOCK_TRANSFORMS = {
    'LoadImage': 'LoadImageFromFile',
    'LoadMask': 'LoadAnnotations',
    'PackDegradeInputs': 'PackSegInputs',
}
_CHECKS = ('check_mode', 'num_classes', 'ignore_index')  # settings that the equals do not have


def _is_ours(type_name: str, registry=MODELS) -> bool:
    cls = registry.get(type_name)
    return cls is not None and cls.__module__.partition('.')[0] == 'mmdegrade'


def _own_parts(cfg, path: str = 'model') -> list[str]:
    """Where a model config uses classes of mmdegrade."""
    found = []
    if isinstance(cfg, dict):
        if isinstance(cfg.get('type'), str) and _is_ours(cfg['type']):
            found.append(f'{path}.type={cfg["type"]!r}')
        for key, value in cfg.items():
            found += _own_parts(value, f'{path}.{key}')
    elif isinstance(cfg, (list, tuple)):
        for index, value in enumerate(cfg):
            found += _own_parts(value, f'{path}.{index}')
    return found


def stock_model(model_cfg: dict) -> dict:
    """The segmentor config inside a wrapper's, with mmseg's own preprocessor.

    Raises:
        ValueError: The network itself contains classes of mmdegrade, which mmseg cannot build.
    """
    model = dict(model_cfg.get('segmentor', model_cfg))
    # A wrapper's own preprocessor is the one that training and testing used.
    preprocessor = dict(model_cfg.get('data_preprocessor') or model.get('data_preprocessor') or {})
    if preprocessor.get('type') == 'DegradeDataPreprocessor':
        preprocessor['type'] = 'SegDataPreProcessor'
    model['data_preprocessor'] = preprocessor
    own = _own_parts(model)
    if own:
        raise ValueError(
            f'{", ".join(own)}: this network is a part of mmdegrade, and stock mmseg cannot build '
            "it; use it with custom_imports=dict(imports=['mmdegrade'])"
        )
    return model


def _stock_pipeline(pipeline) -> list[dict]:
    """The test pipeline in stock transforms, without degradation."""
    stock = []
    for transform in pipeline:
        name = STOCK_TRANSFORMS.get(transform['type'], transform['type'])
        if not _is_ours(name, TRANSFORMS):
            kept = {key: transform[key] for key in transform if key not in _CHECKS}
            stock.append(dict(kept, type=name))
    return stock


def export_segmentor(config: str, checkpoint: str, out: str) -> tuple[str, str]:
    """Write ``out.py`` and ``out.pth`` for stock mmseg (``init_model``, ``test.py``).

    Args:
        config (str): Config that trained the checkpoint.
        checkpoint (str): Its checkpoint.
        out (str): Where to write, without extension (``.py`` or ``.pth`` is taken off).

    Returns:
        tuple[str, str]: Paths of the config and the checkpoint.

    Raises:
        ValueError: The network contains classes of mmdegrade; the checkpoint does not fit.
        FileNotFoundError: ``config`` or ``checkpoint`` is not there.
    """
    for name, path in dict(CONFIG=config, CHECKPOINT=checkpoint).items():
        if not osp.isfile(path):
            raise FileNotFoundError(f'{name} {path!r}: no such file')
    cfg = Config.fromfile(config)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model = stock_model(cfg.model)
    segmentor = MODELS.build(dict(model))
    load_clean_checkpoint(segmentor, checkpoint, 'CHECKPOINT')  # strict
    dataset = cfg.test_dataloader.dataset
    while 'pipeline' not in dataset:  # a wrapper, such as RepeatDataset
        dataset = dataset.dataset
    pipeline = _stock_pipeline(dataset.pipeline)
    stock = Config(
        dict(
            default_scope='mmseg',
            model=model,
            test_pipeline=pipeline,
            test_dataloader=dict(
                batch_size=1,
                num_workers=1,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(type='BaseSegDataset', pipeline=pipeline),
            ),
        )
    )
    out = osp.splitext(out)[0] if out.endswith(('.py', '.pth')) else out
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    stock.dump(f'{out}.py')
    meta = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu').get('meta') or {}
    dataset_meta = {
        key: value
        for key, value in (meta.get('dataset_meta') or {}).items()
        if key in ('classes', 'palette')
    }
    stock_meta = dict(cfg=stock.pretty_text, iter=meta.get('iter'))
    if dataset_meta:  # without it mmseg looks for a dataset with as many classes
        stock_meta['dataset_meta'] = dataset_meta
    torch.save(dict(state_dict=segmentor.state_dict(), meta=stock_meta), f'{out}.pth')
    return f'{out}.py', f'{out}.pth'
