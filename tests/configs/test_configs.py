"""Every config parses, is short, names registered parts and builds; pairs differ in the method."""

import ast
from functools import cache
from pathlib import Path

import mmseg
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
from tests.configs.names import BY_NAME, KINDS, LEAVES, NETWORKS, ROOT, WRAPPED, load, parse
from tests.configs.names import DATASETS as DATASET_TYPES

IDS = [f'{path.parent.name}/{path.stem}' for path in LEAVES]
#: Which registry a type must be in, by the key it stands under.
REGISTRY = {
    'model': MODELS, 'segmentor': MODELS, 'data_preprocessor': MODELS, 'backbone': MODELS,
    'neck': MODELS, 'decode_head': MODELS, 'auxiliary_head': MODELS, 'loss_decode': MODELS,
    'loss_gram': MODELS, 'norm_cfg': MODELS, 'act_cfg': MODELS, 'dataset': DATASETS,
    'loss_se_decode': MODELS, 'batch_pipeline': TRANSFORMS,
    'pipeline': TRANSFORMS, 'train_pipeline': TRANSFORMS, 'test_pipeline': TRANSFORMS,
    'sampler': DATA_SAMPLERS, 'custom_hooks': HOOKS, 'default_hooks': HOOKS,
    'val_evaluator': METRICS, 'test_evaluator': METRICS, 'optim_wrapper': OPTIM_WRAPPERS,
    'optimizer': OPTIMIZERS, 'param_scheduler': PARAM_SCHEDULERS, 'train_cfg': LOOPS,
    'val_cfg': LOOPS, 'test_cfg': LOOPS, 'visualizer': VISUALIZERS, 'vis_backends': VISBACKENDS,
}  # fmt: skip


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
    said = parse(path.stem)
    cfg = fill_degradation(load(path))
    for split in ('train', 'val', 'test'):
        pipeline = cfg[f'{split}_dataloader'].dataset.pipeline
        (one,) = [t for t in pipeline if t.type == 'Degrade']
        assert (one.kind, one.get('degree')) == (said.kind or 'clean', said.degree)
        # Only training keeps clean images or mixes them in.
        assert split == 'train' or not {'prob', 'keep_clean'} & set(one)
        if split == 'train':
            assert one.get('keep_clean', False) == (said.method == 'paired')
            assert one.get('prob', 1) == (0.5 if said.method == 'cd' else 1)
    assert cfg.train_dataloader.sampler.type == 'KeyedSampler'


@pytest.mark.parametrize('path', LEAVES, ids=IDS)
def test_network_data_and_method_are_what_the_name_says(path):
    said, cfg = parse(path.stem), load(path)
    backbone, depth, head = NETWORKS[said.network]
    wrapped = said.method in WRAPPED
    assert (cfg.model.type == 'DenseGramSegmentor') == wrapped
    inner = cfg.model.segmentor if wrapped else cfg.model
    assert (inner.backbone.type, inner.decode_head.type) == (backbone, head)
    assert depth is None or inner.backbone.depth == depth
    for split in ('train', 'val', 'test'):
        kind = cfg[f'{split}_dataloader'].dataset.type
        real = said.real_haze and split == 'test'
        assert kind == ('RealHazeDataset' if real else DATASET_TYPES[said.dataset])
    classes = len(DATASETS.get(DATASET_TYPES[said.dataset]).METAINFO['classes'])
    for name in ('decode_head', 'auxiliary_head'):
        assert name not in inner or inner[name].num_classes == classes
    assert (cfg.model.get('source_input') == 'clean') == (said.method == 'paired')
    losses = dict(mse='DenseMSELoss', linear='DenseLinearMMDLoss', gaussian='DenseGaussianMMDLoss')
    if wrapped:
        loss = cfg.model.loss_gram
        assert loss.type == losses.get(said.method, 'DenseGramLoss')
        assert loss.get('pairing', 'dense') == (
            'layerwise' if said.method == 'layerwise' else 'dense'
        )
    hooks = {hook.type: hook for hook in cfg.get('custom_hooks') or ()}
    assert ('EWCHook' in hooks) == (said.method == 'ewc')
    if said.method == 'ewc':
        assert hooks['EWCHook'].weight == 400
    keys = cfg.optim_wrapper.get('paramwise_cfg', {}).get('custom_keys', {})
    ratios = dict(rho01=0.1, rho001=0.01, rho0=0)
    assert ({k: v.lr_mult for k, v in keys.items()} == {'backbone.level2.': ratios[said.method]}
            if said.method in ratios else 'backbone.level2.' not in keys)  # fmt: skip


#: Initial learning rates of the DGN paper; FCN-8s' 1e-11 belongs to a sum over pixels.
PUBLISHED_LR = dict(
    fcn8s=2e-5, deeplabv2=1e-5, deeplabv3plus=7e-5, refinenet=5e-5, encnet=1e-4, pspnet=1e-4,
    dla34=1e-3,
)  # fmt: skip
#: Rows of Table I.
TABLE_I = dict(
    voc=('fcn8s', 'deeplabv2', 'refinenet', 'encnet', 'deeplabv3plus'),
    sunrgbd=('fcn8s', 'deeplabv2', 'refinenet'),
    camvid=('fcn8s', 'deeplabv2', 'dla34'),
    cityscapes=('fcn8s', 'pspnet', 'dla34', 'deeplabv3plus'),
)
ROWS = [(network, dataset) for dataset, networks in TABLE_I.items() for network in networks]


@pytest.mark.parametrize('network, dataset', ROWS)
def test_table_1_is_complete_at_the_published_settings(network, dataset):
    assert f'{network}_{dataset}_clean' in BY_NAME
    for kind in KINDS:
        for method in ('finetune_', 'cd_', '', 'paired_'):
            cfg = load(BY_NAME[f'{network}_{dataset}_{method}{kind}_d5'])
            optimizer = cfg.optim_wrapper.optimizer
            assert optimizer.type == 'SGD' and optimizer.lr == PUBLISHED_LR[network]
            assert (optimizer.momentum, optimizer.weight_decay) == (0.9, 1e-4)
            assert cfg.train_cfg.max_iters == 140000 and cfg.train_dataloader.batch_size == 1
            (schedule,) = cfg.param_scheduler
            assert (schedule.power, schedule.end) == (0.9, 140000)
            if method in ('', 'paired_'):
                assert cfg.model.loss_gram == dict(type='DenseGramLoss', loss_weight=0.1)


def test_there_is_nothing_beside_the_table_but_what_is_known():
    rows = {f'{network}_{dataset}' for network, dataset in ROWS}
    assert {parse(name).trained for name in BY_NAME} == rows | {
        'cgnet_camvid',
        'fpn_camvid',
        'street_scenes',
    }


@cache
def taps_of(model: str) -> dict:
    """Layers by block that a model config (written out) taps, by its alternatives of ``taps``."""
    cfg = Config(ast.literal_eval(model))
    with torch.device('meta'):
        network = MODELS.build(cfg.segmentor)
    alternatives = cfg.taps.values() if cfg.get('tap') else [cfg.taps]
    return [
        {block: len(names) for block, names in resolve_taps(network, taps).items()}
        for taps in alternatives
    ]


LAYERS = dict(
    cgnet=dict(level2=21),
    deeplabv2=dict(layer3=23, layer4=3),
    deeplabv3plus=dict(layer3=23, layer4=3),
    dla34=dict(level3=4, level4=4, level5=2),
    encnet=dict(layer3=23, layer4=3),
    fcn8s=dict(b2=2, b3=3, b4=3, b5=3, b6=2),
    fpn=dict(layer3=2, layer4=2),
    pspnet=dict(layer3=23, layer4=3),
    refinenet=dict(layer3=23, layer4=3),
    street=dict(layer3=2, layer4=2),
)


@pytest.mark.parametrize('path', [p for p in LEAVES if parse(p.stem).method in WRAPPED],
                         ids=lambda path: path.stem)  # fmt: skip
def test_taps(path):
    """At full size; equal models are built once, on the meta device."""
    said = parse(path.stem)
    expected = LAYERS[said.network]
    if said.network == 'fcn8s':
        start = said.method if said.method.startswith('b') else 'b4'
        expected = {block: count for block, count in expected.items() if block >= start}
    for found in taps_of(repr(load(path).model.to_dict())):
        assert found == expected


@pytest.mark.parametrize('name', [n for n in BY_NAME if parse(n).method == 'clean'])
def test_clean_model_builds(name):
    """At full size on the meta device; the narrow one trains in test_every_config_steps."""
    with torch.device('meta'):
        model = MODELS.build(load(BY_NAME[name]).model)
    assert model.decode_head.num_classes == len(
        DATASETS.get(DATASET_TYPES[parse(name).dataset]).METAINFO['classes']
    )


@pytest.mark.parametrize('name', ['encnet_r101', 'pspnet_r101', 'deeplabv3plus_r101'])
def test_mmsegs_own_networks_keep_their_keys(name):
    """Its public checkpoints load: same keys, same shapes, at depth 101."""
    ours = Config.fromfile(ROOT / '_base_' / 'models' / f'{name}.py').model
    stock = Path(mmseg.__path__[0]) / '.mim' / 'configs' / '_base_' / 'models'
    if not stock.is_dir():
        pytest.skip('the installed mmseg ships no configs')
    theirs = Config.fromfile(stock / f'{name.replace("r101", "r50-d8")}.py').model
    theirs.pretrained, theirs.backbone.depth = None, 101
    for head in ('decode_head', 'auxiliary_head'):
        theirs[head].num_classes = ours[head].num_classes
    with torch.device('meta'):
        shapes = [
            {key: value.shape for key, value in MODELS.build(cfg).state_dict().items()}
            for cfg in (ours, theirs)
        ]
    assert shapes[0] == shapes[1]
    count = sum(p.numel() for p in parameters_of(ours))
    text = (ROOT / '_base_' / 'models' / f'{name}.py').read_text()
    assert f'{count / 1e6:.1f} M parameters' in text


def parameters_of(cfg):
    """Parameters of a model config on the meta device."""
    with torch.device('meta'):
        return list(MODELS.build(cfg).parameters())


ADAPTATIONS = [n for n in BY_NAME if parse(n).method != 'clean']


@pytest.mark.parametrize('name', ADAPTATIONS)
def test_adaptations_start_from_the_clean_config(name):
    """The checkpoint they name is the last one that the clean config writes."""
    network = parse(name).trained
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
    for middle in ('_', *(f'_{m}_' for m in (*WRAPPED[1:], 'cd', 'ewc')))
    if name.replace('_finetune_', middle) in BY_NAME
]


def test_all_pairs_are_there():
    assert len(PAIRS) >= 16 * 3 * len(KINDS)
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
