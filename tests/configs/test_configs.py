"""Every config parses, is short, names registered parts and builds; pairs differ in the method."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATA_SAMPLERS, LOOPS, OPTIMIZERS, PARAM_SCHEDULERS, RUNNERS
from mmseg.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPERS,
    TRANSFORMS,
    VISBACKENDS,
    VISUALIZERS,
)

from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.models.clean_checkpoint import find_command
from mmdegrade.models.taps import resolve_taps

ROOT = Path(__file__).resolve().parents[2] / 'configs'
LEAVES = sorted(p for p in ROOT.glob('*/*.py') if p.parent.name != '_base_')
BY_NAME = {path.stem: path for path in LEAVES}
IDS = [f'{path.parent.name}/{path.stem}' for path in LEAVES]
#: Which registry a type must be in, by the key it stands under.
REGISTRY = {
    'model': MODELS, 'segmentor': MODELS, 'data_preprocessor': MODELS, 'backbone': MODELS,
    'neck': MODELS, 'decode_head': MODELS, 'auxiliary_head': MODELS, 'loss_decode': MODELS,
    'loss_gram': MODELS, 'norm_cfg': MODELS, 'act_cfg': MODELS, 'dataset': DATASETS,
    'pipeline': TRANSFORMS, 'train_pipeline': TRANSFORMS, 'test_pipeline': TRANSFORMS,
    'sampler': DATA_SAMPLERS, 'custom_hooks': HOOKS, 'default_hooks': HOOKS,
    'val_evaluator': METRICS, 'test_evaluator': METRICS, 'optim_wrapper': OPTIM_WRAPPERS,
    'optimizer': OPTIMIZERS, 'param_scheduler': PARAM_SCHEDULERS, 'train_cfg': LOOPS,
    'val_cfg': LOOPS, 'test_cfg': LOOPS, 'visualizer': VISUALIZERS, 'vis_backends': VISBACKENDS,
}  # fmt: skip


def load(path) -> Config:
    return Config.fromfile(path)


def types(node, key=''):
    """(key it stands under, type) for every dict with a type; list items stand under the list."""
    if isinstance(node, dict):
        if 'type' in node:
            yield key, node['type']
        for name, child in node.items():
            # The values of default_hooks, like the items of a list, belong to its key.
            inside = key if key == 'default_hooks' else name
            yield from types(child, inside)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from types(child, key)


def test_there_are_configs():
    assert {'cgnet_camvid_gblur_d5', 'fcn8s_voc_gblur_d5', 'fcn8s_camvid_clean'} <= set(BY_NAME)
    assert len(BY_NAME) == len(LEAVES), 'two configs of one name would share a work_dir'


@pytest.mark.parametrize('path', LEAVES, ids=IDS)
def test_leaf_is_short_and_explains_itself(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 40
    assert lines[0].startswith('# ') and len(lines[0]) > 20
    assert all(len(line) <= 100 for line in lines)


def test_most_leaves_are_very_short():
    lengths = sorted(len(path.read_text().splitlines()) for path in LEAVES)
    assert lengths[len(lengths) // 2] <= 15


@pytest.mark.parametrize('path', LEAVES, ids=IDS)
def test_every_type_is_registered(path):
    cfg = load(path)
    found = 0
    for key, name in types(cfg.to_dict()):
        if key == 'init_cfg' or key == 'override':
            assert name in ('Pretrained', 'Kaiming', 'Xavier', 'Normal', 'Constant', 'TruncNormal')
            continue
        assert key in REGISTRY, f'{key}: add it to REGISTRY'
        assert REGISTRY[key].get(name) is not None, f'{path.name}: {key} type {name!r}'
        found += 1
    assert found > 30
    assert RUNNERS.get(cfg.runner_type) is not None
    assert cfg.custom_imports.imports == ['mmdegrade'] and cfg.default_scope == 'mmseg'


@pytest.mark.parametrize('path', LEAVES, ids=IDS)
def test_degradation_is_complete_and_is_what_the_name_says(path):
    cfg = fill_degradation(load(path))
    kind, degree = ('gblur', 5) if path.stem.endswith('_gblur_d5') else ('clean', None)
    for split in ('train', 'val', 'test'):
        pipeline = cfg[f'{split}_dataloader'].dataset.pipeline
        (one,) = [t for t in pipeline if t.type == 'Degrade']
        assert (one.kind, one.get('degree')) == (kind, degree)
        # Only training keeps clean images or mixes them in.
        assert split == 'train' or not {'prob', 'keep_clean'} & set(one)
        if split == 'train':
            assert one.get('keep_clean', False) == ('_paired_' in path.stem)
            assert one.get('prob', 1) == (0.5 if '_cd_' in path.stem else 1)
    assert cfg.train_dataloader.sampler.type == 'KeyedSampler'


@pytest.mark.parametrize('path', LEAVES, ids=IDS)
def test_model_builds(path):
    """The small ones for real; VGG16's 134 million weights on the meta device."""
    cfg = load(path).model
    taught = cfg.type == 'DenseGramSegmentor'
    heavy = 'fcn8s' in path.stem
    if heavy and taught:  # the taps on the network itself, without the copy beside it
        with torch.device('meta'):
            blocks = resolve_taps(MODELS.build(cfg.segmentor), cfg.taps[cfg.tap])
            other = resolve_taps(MODELS.build(cfg.segmentor), cfg.taps['conv'])
        lengths = {'b4': 3, 'b5': 3, 'b6': 2}
        for found in (blocks, other):
            assert {block: len(names) for block, names in found.items()} == lengths
        return
    with torch.device('meta' if heavy else 'cpu'):
        model = MODELS.build(cfg)
    head = (model.segmentor if taught else model).decode_head
    dataset = DATASETS.get(load(path).train_dataloader.dataset.type)
    assert head.num_classes == len(dataset.METAINFO['classes'])


@pytest.mark.parametrize('name', [n for n in BY_NAME if n.endswith('_gblur_d5')])
def test_adaptations_start_from_the_clean_config(name):
    """The checkpoint they name is the last one that the clean config writes."""
    network = name.removesuffix('_gblur_d5')
    for suffix in ('_cd', '_finetune', '_paired'):
        network = network.removesuffix(suffix)
    cfg, clean = load(BY_NAME[name]), load(BY_NAME[f'{network}_clean'])
    start = cfg.model.get('clean_checkpoint') or cfg.load_from
    last = clean.train_cfg.max_iters
    assert start == f'work_dirs/{network}_clean/iter_{last}.pth'
    assert find_command(start) == f'python tools/train.py configs/*/{network}_clean.py'
    inner = cfg.model.get('segmentor', cfg.model)
    expected, given = clean.model.to_dict(), inner.to_dict()
    for model in (expected, given):
        model['backbone'].pop('init_cfg', None)
    assert given == expected
    # Beside a clean checkpoint a load_from would win over it.
    assert not (cfg.model.get('clean_checkpoint') and cfg.get('load_from'))


PAIRS = [
    (name.replace('_finetune_', middle), name)
    for name in BY_NAME
    if '_finetune_' in name
    for middle in ('_', '_paired_', '_cd_')
    if name.replace('_finetune_', middle) in BY_NAME
]


def test_all_pairs_are_there():
    assert len(PAIRS) >= 7
    assert ('cgnet_camvid_gblur_d5', 'cgnet_camvid_finetune_gblur_d5') in PAIRS


@pytest.mark.parametrize('method, baseline', PAIRS)
def test_method_and_baseline_share_everything_else(method, baseline):
    a, b = (fill_degradation(load(BY_NAME[name])) for name in (method, baseline))
    for cfg in (a, b):
        for transform in cfg.train_dataloader.dataset.pipeline:
            if transform.type == 'Degrade':  # what the method itself needs
                transform.pop('keep_clean', None), transform.pop('prob', None)
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader', 'optim_wrapper',
                'param_scheduler', 'train_cfg', 'randomness', 'test_evaluator'):  # fmt: skip
        assert a[key] == b[key], key
    a_norm, b_norm = (
        dict(type='NormEvalHook') in (cfg.get('custom_hooks') or ()) for cfg in (a, b)
    )
    assert a_norm == b_norm
