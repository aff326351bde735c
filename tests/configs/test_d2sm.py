"""configs/d2sm: what names and paper say is what the configs hold, and what the tools run.

Each config runs unchanged but for its size: one iteration on tiny data, or one test.
"""

import math

import mmengine.runner.runner as mmengine_runner
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from mmdegrade.engine.degradation import fill_degradation, transforms_in
from mmdegrade.engine.runner import DegradeRunner
from mmdegrade.models.restorers import build_restorer
from tests.configs.names import ROOT, load
from tests.configs.shrink import one_step, save_clean, shrink_data

FOLDER = ROOT / 'd2sm'
BY_NAME = {path.stem: path for path in sorted(FOLDER.glob('*.py'))}
D2SM = ('d2sm', 'd2sm_whole', 'd2sm_ikl', 'd2sm_js', 'd2sm_q64', 'd2sm_q128')
ADDED = ('ssim', 'perceptual', 'contextual', 'ce', 'gan', *D2SM)
OBJECTIVES = {
    'ffdnet_camvid': ('l1', 'mse', 'charbonnier', *ADDED),
    'ffdnet_cityscapes': ('l1', 'lpips', *ADDED),
    'cbdnet_cityscapes': ('mse', 'd2sm', 'd2sm_whole'),
    'sadnet_cityscapes': ('mse', 'd2sm', 'd2sm_whole'),
}
TRAINED = [f'{net}_{objective}' for net, all_ in OBJECTIVES.items() for objective in all_]
TESTED = [f'{net}_test' for net in OBJECTIVES]
#: Sizes in tests: crops of `shrink_data`, and a quarter of the restorers' widths.
SMALL_RESTORER = {'FFDNet': dict(width=6, depth=3)}
#: Checkpoints of fixed networks, by the dataset: those of these configs.
CLEAN = {
    'camvid': 'work_dirs/cgnet_camvid_clean/iter_1500.pth',
    'cityscapes': 'work_dirs/hrnet18s_cityscapes_clean/iter_35816.pth',
}


def said(name: str) -> tuple[str, str, str]:
    network, dataset, objective = name.split('_', 2)
    return network, dataset, objective


def test_every_config_that_there_should_be():
    assert set(BY_NAME) == {*TRAINED, *TESTED}
    names = [path.stem for path in ROOT.rglob('*.py') if '_base_' not in path.parts]
    assert len(set(names)) == len(names), 'two configs of one name would share a work_dir'


@pytest.mark.parametrize('name', BY_NAME)
def test_leaf_is_short_and_explains_itself(name):
    lines = BY_NAME[name].read_text().splitlines()
    assert lines[0].startswith('# ') and len(lines[0]) > 20
    assert len(lines) <= 25 and all(len(line) <= 100 for line in lines)
    cfg = load(BY_NAME[name])
    assert cfg.runner_type == 'DegradeRunner' and cfg.default_scope == 'mmseg'


@pytest.mark.parametrize('name', BY_NAME)
def test_noise(name):
    """σ ~ U(0, 75) for training; 25, 35 and 50 in tests; never clipped; clean images kept."""
    cfg = fill_degradation(load(BY_NAME[name]))
    for split, sigma in (('train', dict(low=0, high=75)), ('val', 35), ('test', 35)):
        (one,) = [
            t for t in transforms_in(cfg[f'{split}_dataloader']) if t.get('type') == 'Degrade'
        ]
        assert (one.kind, one.sigma, one.clip, one.keep_clean) == ('awgn', sigma, False, True)
    assert [(c.kind, c.sigma, c.clip) for c in cfg.test_cfg.cells] == [
        ('awgn', sigma, False) for sigma in (25, 35, 50)
    ]
    metrics = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
    assert [m.protocol for m in metrics if m.type == 'RestorationMetric'] == ['d2sm']
    assert any(m.type == 'IoUMetric' for m in metrics) == name.endswith('_test')


def test_published_settings():
    cfg = load(BY_NAME['ffdnet_cityscapes_d2sm'])
    assert cfg.train_dataloader.batch_size == 8
    pipeline = cfg.train_dataloader.dataset.pipeline
    assert [t.crop_size for t in pipeline if t.type == 'RandomCrop'] == [(512, 512)]
    assert cfg.optim_wrapper.optimizer == dict(type='Adam', lr=1e-4)
    epoch = 2975 / 8
    assert cfg.train_cfg.max_iters == 400 * epoch
    (steps,) = cfg.param_scheduler
    assert steps.gamma == 0.5 and steps.milestones == [n * epoch for n in (80, 160, 240, 320)]
    loss = MODELS.build(cfg.model.losses.d2sm)
    assert (loss.queue.size, loss.patches, loss.patch_size) == (256, (5, 5), 224)
    assert loss.loss_weight == 1 and loss.divergence == 'kl'
    assert loss.feature_extractor.layers == ('conv5_4',) and loss.feature_extractor.depth == 19


@pytest.mark.parametrize(
    ('network', 'parameters'),
    [
        ('ffdnet_cityscapes', 852_108),
        ('cbdnet_cityscapes', 4_365_382),
        ('ffdnet_camvid', 13 * 48 * 9 + 48 + 6 * (48 * 48 * 9 + 48) + 48 * 12 * 9 + 12),
    ],
)
def test_restorers_have_the_published_size(network, parameters):
    for objective in ('d2sm', 'test'):
        restorer = build_restorer(load(BY_NAME[f'{network}_{objective}']).model.restorer)
        assert sum(parameter.numel() for parameter in restorer.parameters()) == parameters


@pytest.mark.parametrize('name', TRAINED)
def test_objective_is_what_the_name_says(name):
    network, _, objective = said(name)
    cfg = load(BY_NAME[name])
    losses = dict(cfg.model.losses)
    base = objective if objective in ('mse', 'charbonnier') else 'l1'
    content = losses.pop('l1' if base == 'l1' and network == 'ffdnet' else base, None) or (
        losses.pop('mse')
    )
    assert content.get('loss_weight', 1) == 1
    assert (cfg.model.type == 'AdversarialRestorationModel') == (objective == 'gan')
    if objective in (base, 'gan', 'mse'):
        assert not losses
        return
    kind = objective.partition('_')[0]
    (added,) = losses.values()
    assert list(losses) == [kind]
    assert added.type == dict(
        d2sm='D2SMLoss', ce='SegmentationLoss', lpips='RestorationLPIPSLoss',
        ssim='RestorationSSIMLoss', perceptual='RestorationPerceptualLoss',
        contextual='RestorationContextualLoss',
    )[kind]  # fmt: skip
    if kind == 'd2sm':
        built = MODELS.build(added)
        assert built.loss_weight == 1
        assert (built.patches is None) == (objective == 'd2sm_whole')
        size = objective.partition('_q')[2]
        assert built.queue.size == int(size or 256)
        assert built.divergence == dict(d2sm_ikl='ikl', d2sm_js='js').get(objective, 'kl')


@pytest.fixture(autouse=True)
def no_environment_report(monkeypatch):
    """The runner asks the shell for compilers and GPUs, which takes longer than the step."""
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)


@pytest.fixture(scope='session')
def root(tmp_path_factory):
    """Tiny data and clean checkpoints of the session."""
    return tmp_path_factory.mktemp('d2sm')


def shrunk(name: str, root) -> Config:
    """The config with tiny data and networks; where weights are files, with files."""
    network, dataset, _ = said(name)
    cfg = Config(load(BY_NAME[name]).to_dict())
    fixed = cfg.fixed.segmentor
    if dataset == 'cityscapes':
        fixed.backbone = dict(
            type='CGNet', num_channels=(8, 8, 8), num_blocks=(2, 2), reductions=(2, 2)
        )
        fixed.decode_head = dict(
            type='FCNHead', in_channels=16, in_index=2, channels=16, num_convs=0, num_classes=19,
            concat_input=False,
        )  # fmt: skip
    clean = save_clean(fixed, root / 'clean' / f'{dataset}.pth')
    assert cfg.fixed.checkpoint == CLEAN[dataset]
    shrink_data(cfg, root)
    cfg.model.restorer.update(SMALL_RESTORER.get(cfg.model.restorer.type, {}))
    for loss in (cfg.model.get('losses') or {}).values():
        features = loss.get('feature_extractor', {})
        if loss.get('segmentor'):
            loss.segmentor, loss.checkpoint = fixed, clean
        elif features.get('type') == 'VGGFeatures':
            features.update(weights='random', layers='conv2_1')
        elif features:
            features.segmentor, features.checkpoint = fixed, clean
        if loss.type == 'D2SMLoss' and loss.get('patches', 5) is not None:
            loss.update(patches=2, patch_size=40)
    if 'discriminator' in cfg.model:
        cfg.model.discriminator.update(width=4, layers=1)
    if 'clean_checkpoint' in cfg.model:
        cfg.model.segmentor, cfg.model.clean_checkpoint = fixed, clean
    cfg.default_hooks.checkpoint = None
    return cfg


#: Those that differ from a stepped one in a number only.
ALIKE = ('_q64', '_q128', '_ikl', '_js', 'cityscapes_l1', 'cityscapes_ssim', '_mse')


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(n, marks=pytest.mark.slow) if n.endswith(ALIKE) else n
        for n in TRAINED
        if not n.endswith('_lpips')
    ],
)
def test_one_iteration(name, root, tmp_path):
    network, _, objective = said(name)
    cfg = shrunk(name, root)
    if 'stages' in cfg.train_cfg:
        cfg.train_cfg.stages[0].iters = 1
    else:
        cfg.train_cfg.update(max_iters=1, val_interval=10)
    if objective == 'd2sm_whole':
        cfg.train_dataloader.batch_size = 3  # of two samples, each is sure to pick the other
    for part in ('dataloader', 'evaluator', 'cfg'):
        cfg[f'val_{part}'] = cfg[f'test_{part}'] = None
    torch.manual_seed(0)
    runner, before, logs = one_step(cfg, tmp_path / name)
    expected = {f'loss_{key}' for key in cfg.model.losses}
    expected |= {'loss_adversarial'} if objective == 'gan' else set()
    expected |= {'loss_noise_asymmetric', 'loss_noise_variation'} if network == 'cbdnet' else set()
    found = {key: logs[key] for key in logs if key.startswith('loss_')}
    assert set(found) == expected and all(0 < value < math.inf for value in found.values()), logs
    assert logs['loss'] == pytest.approx(sum(found.values()), rel=1e-4)
    after = dict(runner.model.named_parameters())
    assert all(torch.isfinite(value).all() for value in after.values())
    moved = {key.split('.')[0] for key in after if not torch.equal(after[key], before[key])}
    assert moved == {'restorer', *(('discriminator',) if objective == 'gan' else ())}


def test_lpips_names_the_file_it_needs(root, tmp_path):
    cfg = shrunk('ffdnet_cityscapes_lpips', root)
    loss = MODELS.build(cfg.model.losses.lpips)
    with pytest.raises(FileNotFoundError, match='data/alexnet-owt-7be5be79.pth'):
        loss.init_weights()


@pytest.mark.parametrize('name', TESTED)
def test_one_test_gives_everything(name, root, tmp_path):
    network, dataset, _ = said(name)
    cfg = shrunk(name, root)
    trained = MODELS.build(dict(type='RestorationModel', **{
        key: cfg.model.get(key) for key in ('restorer', 'condition')
    }))  # fmt: skip
    cfg.model.restorer_checkpoint = str(tmp_path / 'restorer.pth')
    torch.save(dict(state_dict=trained.state_dict(), meta={}), cfg.model.restorer_checkpoint)
    cfg.load_from = cfg.model.clean_checkpoint
    cfg.test_dataloader.dataset.indices = 1
    cfg.test_evaluator[1].border = 2
    cfg.work_dir, cfg.experiment_name = str(tmp_path / 'run'), name
    metrics = DegradeRunner.from_cfg(cfg).test()
    cells = [f'awgn_sigma{sigma}_clipFalse' for sigma in (25, 35, 50)]
    for cell in cells:
        assert {f'{cell}/{one}' for one in ('mIoU', 'PSNR', 'SSIM')} <= set(metrics)
        assert 3 < metrics[f'{cell}/PSNR'] < 60
