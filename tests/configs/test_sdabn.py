"""configs/sdabn: what names and paper say is what the configs hold, and what the tools run.

Configs are run unchanged but for their size: in a folder of tiny data, with the paths they name, in
the order that a reader of the README would follow.
"""

import argparse
import re
import shutil
import sys

import cv2
import mmengine.runner.runner as mmengine_runner
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config, DictAction
from mmseg.registry import MODELS

from mmdegrade.degradations import resolve_params
from mmdegrade.engine.degradation import fill_degradation, transforms_in
from mmdegrade.engine.runner import DegradeRunner
from mmdegrade.models.clean_checkpoint import find_command
from tests.configs.names import ROOT, load
from tests.configs.shrink import TREES, save_clean

FOLDER = ROOT / 'sdabn'
LEAVES = sorted(FOLDER.glob('*.py'))
BY_NAME = {path.stem: path for path in LEAVES}
ALWAYS = ('s1', 'sdb1', 's1d1s2', 'sdb2', 'sdb3')
MORE = (
    's1plus', 'joint', 'dms', 'dms_seg', 'nlm', 'bm3d', 'gtd1s', 'imgd1s2',
    *(f'ddfn{i}{part}' for i in (1, 2, 3) for part in ('', '_seg')),
)  # fmt: skip
NETWORKS = {
    'hrnet18s_cityscapes': (*ALWAYS, *MORE),
    'cgnet_camvid': (*ALWAYS, *MORE),
    'hrnet18s_outdoorseg': ALWAYS,
    'street_scenes': ALWAYS,
}
CLEAN = ('hrnet18s_cityscapes', 'hrnet26s_cityscapes', 'hrnet18s_outdoorseg', 'cgnet48_camvid')
CBSD68 = ('dncnn_cbsd68_awgn25', 'ddfn1_cbsd68_awgn50', 'nlm_cbsd68_awgn50')
AWGN = [f'{net}_awgn50_{method}' for net, methods in NETWORKS.items() for method in methods]


def test_every_config_that_there_should_be():
    assert set(BY_NAME) == {*AWGN, *CBSD68, *(f'{net}_clean' for net in CLEAN)}
    names = [path.stem for path in ROOT.rglob('*.py') if '_base_' not in path.parts]
    assert len(set(names)) == len(names), 'two configs of one name would share a work_dir'


@pytest.mark.parametrize('path', LEAVES, ids=lambda path: path.stem)
def test_leaf_is_short_and_explains_itself(path):
    lines = path.read_text().splitlines()
    assert lines[0].startswith('# ') and len(lines[0]) > 20
    assert len(lines) <= 25 and all(len(line) <= 100 for line in lines)
    cfg = load(path)
    assert cfg.runner_type == 'DegradeRunner' and cfg.default_scope == 'mmseg'


def test_most_leaves_are_very_short():
    lengths = sorted(len(path.read_text().splitlines()) for path in LEAVES)
    assert lengths[len(lengths) // 2] <= 10


def degrades(cfg, *keys) -> list:
    return [t for t in transforms_in([cfg.get(key) for key in keys]) if t['type'] == 'Degrade']


@pytest.mark.parametrize('name', BY_NAME)
def test_noise_of_the_named_sigma_unclipped_and_clean_images_where_needed(name):
    cfg = fill_degradation(load(BY_NAME[name]))
    stages = cfg.get('train_cfg', {}).get('stages') or []
    loaders = [cfg.get('train_dataloader'), *(stage.get('dataloader') for stage in stages)]
    found = [t for t in transforms_in(loaders) if t['type'] == 'Degrade']
    tests = degrades(cfg, 'val_dataloader', 'test_dataloader')
    assert tests and (found or name in CBSD68)
    for one in (*found, *tests):
        if name.endswith('_clean'):
            assert one.kind == 'clean'
        else:
            params = resolve_params(one.kind, one.degree, one.preset)
            sigma = 25.0 if name.endswith('awgn25') else 50.0
            assert (one.kind, params) == ('awgn', dict(sigma=sigma, clip=False))
    if '_clean' not in name:
        assert all(one.keep_clean for one in tests)
    # A stage that trains a denoiser sees clean images, one that trains segmentors does not.
    for stage in stages:
        if 'dataloader' in stage:
            (one,) = degrades(stage, 'dataloader')
            assert one.keep_clean and stage.train[0].startswith('D')
        elif 'S1' in cfg.model or cfg.model.type == 'SDABNSegmentor':
            assert stage.train[-1].startswith('S')


@pytest.mark.parametrize(
    'options, expected',
    [
        (['degradation.degree=1'], ('awgn', dict(sigma=10.0, clip=False))),
        (['degradation.degree=3'], ('awgn', dict(sigma=30.0, clip=False))),
        (['degradation.degree=None', 'degradation.sigma=15'],
         ('awgn', dict(sigma=15.0, clip=False))),
        (['degradation.kind=poisson', 'degradation.degree=1'],
         ('poisson', dict(peak=255.0, clip=False))),
    ],
)  # fmt: skip
def test_other_noise_by_overrides(options, expected):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    cfg = Config.fromfile(BY_NAME['cgnet_camvid_awgn50_sdb1'])
    cfg.merge_from_dict(parser.parse_args(['--cfg-options', *options]).cfg_options)
    cfg = fill_degradation(cfg)
    stage = cfg.train_cfg.stages[1]
    for one in (
        *degrades(cfg, 'train_dataloader', 'test_dataloader'),
        *degrades(stage, 'dataloader'),
    ):
        named = {key: one.get(key) for key in ('kind', 'degree', 'preset')}
        given = {key: one[key] for key in ('sigma',) if key in one}
        assert (one.kind, resolve_params(**named, **given)) == expected


#: Of the paper and its code: S and D iterations, batch and crop.
PUBLISHED = {
    'hrnet18s_cityscapes': ((484 * (2975 // 40), 40, (512, 1024)), (2000 * (2975 // 64), 64, 192)),
    'hrnet18s_outdoorseg': ((300 * (8800 // 48), 48, (480, 480)), (2500 * (8800 // 64), 64, 120)),
}


def crop(pipeline) -> tuple:
    (one,) = [t.crop_size for t in pipeline if t.type == 'RandomCrop']
    return tuple(one)


@pytest.mark.parametrize('net', PUBLISHED)
def test_published_settings(net):
    (s_iters, s_batch, s_crop), (d_iters, d_batch, d_crop) = PUBLISHED[net]
    cfg = load(BY_NAME[f'{net}_awgn50_sdb3'])
    assert [stage.iters for stage in cfg.train_cfg.stages] == [s_iters, d_iters] * 3
    sgd = cfg.optim_wrapper.optimizer
    assert sgd == dict(type='SGD', lr=0.03, momentum=0.9, weight_decay=5e-4)
    (poly,) = cfg.param_scheduler
    assert (poly.power, poly.eta_min, poly.end) == (0.9, 0, s_iters)
    assert cfg.train_dataloader.batch_size == s_batch
    assert crop(cfg.train_dataloader.dataset.pipeline) == s_crop
    for stage in cfg.train_cfg.stages[1::2]:
        assert stage.optim_wrapper.optimizer == dict(type='Adam', lr=1e-3, weight_decay=1e-4)
        (poly,) = stage.param_scheduler
        assert (poly.power, poly.eta_min, poly.end) == (1.5, 1e-4, d_iters)
        assert stage.dataloader.batch_size == d_batch
        assert crop(stage.dataloader.dataset.pipeline) == (d_crop, d_crop)
    assert all('optim_wrapper' not in stage for stage in cfg.train_cfg.stages[::2])
    scales = next(
        t.scales for t in cfg.train_dataloader.dataset.pipeline if t.type == 'RandomChoiceResize'
    )
    side = 2048 if net.endswith('cityscapes') else 960
    factors = [round(0.5 + k / 10, 1) for k in range(17 if side == 2048 else 7)]
    assert [scale[0] for scale in scales] == [int(side * f + 0.5) for f in factors]
    classes = 19 if side == 2048 else 8
    assert cfg.model.segmentor.decode_head.num_classes == classes
    assert cfg.model.denoiser == dict(type='DDFN', condition_channels=classes)
    assert cfg.model.get('condition', 'logits') == 'logits'


def test_weighted_cross_entropy_is_torchs():
    cfg = load(BY_NAME['hrnet18s_cityscapes_awgn50_s1']).model.decode_head.loss_decode
    assert len(cfg.class_weight) == 19 and sum(cfg.class_weight) == pytest.approx(18.9998, abs=1e-3)
    loss = MODELS.build(cfg)
    logits = torch.randn(2, 19, 8, 9)
    labels = torch.randint(0, 19, (2, 8, 9))
    labels[0, :3] = 255
    expected = F.cross_entropy(
        logits, labels, weight=torch.tensor(cfg.class_weight), ignore_index=255
    )
    assert loss(logits, labels, ignore_index=255).item() == pytest.approx(expected.item(), rel=1e-5)
    unweighted = load(BY_NAME['hrnet18s_outdoorseg_awgn50_s1']).model.decode_head.loss_decode
    assert 'class_weight' not in unweighted


def stages_of(name) -> list[tuple]:
    return [
        (stage.name, tuple(stage.train), dict(stage.get('init_from', {})))
        for stage in load(BY_NAME[name]).train_cfg.stages
    ]


@pytest.mark.parametrize('net', NETWORKS)
def test_cascades_grow_by_stages(net):
    s = [('S1', ('S1',), {}), ('S2', ('S2',), {'S2': 'S1'}), ('S3', ('S3',), {'S3': 'S2'})]
    d = [(f'D{i}', (f'D{i}',), {}) for i in (1, 2, 3)]
    expected = dict(sdb1=[s[0], d[0]], s1d1s2=[s[0], d[0], s[1]], sdb2=[s[0], d[0], s[1], d[1]])
    expected['sdb3'] = [*expected['sdb2'], s[2], d[2]]
    plain = load(BY_NAME[f'{net}_awgn50_s1'])
    for method, stages in expected.items():
        cfg = load(BY_NAME[f'{net}_awgn50_{method}'])
        assert stages_of(f'{net}_awgn50_{method}') == stages
        blocks = int(method[-1])
        assert (cfg.model.num_blocks, cfg.model['last']) == (blocks, 'S' if 's1' in method else 'D')
        # What S is, where it starts and what it sees are those of the baseline S1.
        assert cfg.model.segmentor == plain.model
        assert cfg.model.clean_checkpoint == plain.load_from and cfg.load_from is None
        for key in ('train_dataloader', 'optim_wrapper', 'param_scheduler', 'degradation'):
            assert cfg[key] == plain[key], key
        assert cfg.get('custom_hooks') == plain.get('custom_hooks')
        kinds = [one.type for one in cfg.test_evaluator]
        assert kinds == ['IoUMetric', 'RestorationMetric']
        assert cfg.test_evaluator[1].protocol == 'sdabn'


@pytest.mark.parametrize('net', NETWORKS)
def test_everything_starts_from_what_a_config_writes(net):
    start = load(BY_NAME[f'{net}_awgn50_s1']).load_from
    clean = find_command(start).split()[-1]
    (path,) = (ROOT.parent).glob(clean)
    cfg = load(path)
    assert start == f'work_dirs/{path.stem}/iter_{cfg.train_cfg.max_iters}.pth'
    given, expected = (load(BY_NAME[f'{net}_awgn50_s1']).model, cfg.model)
    for model in (given, expected):
        assert model.backbone.type == expected.backbone.type
        assert model.decode_head.num_classes == expected.decode_head.num_classes
    for method in set(NETWORKS[net]) & {'dms', *(m for m in MORE if m.endswith('_seg'))}:
        model = load(BY_NAME[f'{net}_awgn50_{method}']).model
        if method == 'dms':
            assert model.losses.segmentation.checkpoint == start
            assert model.losses.segmentation.loss_weight == 0.02
            continue
        assert model.clean_checkpoint == start and model.clip is False
        trained = BY_NAME[f'{net}_awgn50_{method.removesuffix("_seg")}']
        stages = load(trained).train_cfg.get('stages')
        last = f'stage_{len(stages)}_{stages[-1].name}' if stages else None
        last = last or f'iter_{load(trained).train_cfg.max_iters}'
        assert model.restorer_checkpoint == f'work_dirs/{trained.stem}/{last}.pth'


def test_sizes_of_the_wide_segmentors():
    for net, count in (('hrnet18s_cityscapes', 7_926_971), ('cgnet_camvid', 1_070_861)):
        cfg = load(BY_NAME[f'{net}_awgn50_s1plus'])
        with torch.device('meta'):
            assert sum(p.numel() for p in MODELS.build(cfg.model).parameters()) == count
            whole = MODELS.build(load(BY_NAME[f'{net}_awgn50_s1d1s2']).model)
        total = sum(p.numel() for p in whole.parameters())
        assert total == {'hrnet18s_cityscapes': 7_993_334, 'cgnet_camvid': 1_102_586}[net]
        clean = cfg.load_from.split('/')[1]
        assert load(BY_NAME[clean]).model.backbone.get('num_channels') == cfg.model.backbone.get(
            'num_channels'
        )


# From here on the configs are run.


def narrow(segmentor) -> None:
    """An HRNet of few channels; the other networks are small already."""
    backbone = segmentor.backbone
    backbone.init_cfg = None
    if backbone.type != 'HRNet':
        return
    widths = [2, 4, 8, 16]
    backbone.extra.stage1.num_channels = (4,)
    for stage in (2, 3, 4):
        backbone.extra[f'stage{stage}'].update(num_modules=1, num_channels=widths[:stage])
    segmentor.decode_head.in_channels = widths


def segmentors(cfg):
    """Every segmentor config inside a config."""
    if 'backbone' in cfg.model:
        yield cfg.model
    if 'segmentor' in cfg.model:
        yield cfg.model.segmentor
    if cfg.model.get('losses') and 'segmentation' in cfg.model.losses:
        yield cfg.model.losses.segmentation.segmentor


def shrink_loader(loader) -> None:
    if loader is None:
        return
    loader.update(num_workers=0, persistent_workers=False)
    if 'batch_size' in loader:
        loader.batch_size = min(loader.batch_size, 2)
    part = loader.dataset
    if part.get('type') == 'StreetScenesDataset':
        part.num_images = 2
    elif 'type' in part:
        part.update(serialize_data=False, indices=2)
    for transform in part.pipeline:
        if transform.type == 'RandomCrop':
            transform.crop_size = (32, 32)
        if transform.type == 'RandomChoiceResize':
            transform.scales = [(64, 64), (72, 72)]
            transform.keep_ratio = False


def shrunk(name: str) -> Config:
    """The config, small: one iteration a stage."""
    cfg = Config(load(BY_NAME[name]).to_dict())
    for segmentor in segmentors(cfg):
        narrow(segmentor)
    for split in ('train', 'val', 'test'):
        shrink_loader(cfg[f'{split}_dataloader'])
    for stage in cfg.train_cfg.get('stages') or ():
        shrink_loader(stage.get('dataloader'))
        stage.iters = 1
        if stage.get('val_interval', 0) is not None:
            stage.val_interval = 0
    if 'stages' not in cfg.train_cfg:
        cfg.train_cfg.update(max_iters=1, val_interval=1)
    if cfg.model.get('restorer', {}).get('method') == 'non_local_means':
        cfg.model.restorer.search = 5
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir = f'work_dirs/{name}'
    cfg.experiment_name = name
    return cfg


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder to run in; without what takes longer than all the rest.

    That is the runner's report of compilers, and laying out a config as source, which it does for
    each checkpoint.
    """
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)
    monkeypatch.setattr(Config, 'pretty_text', property(lambda cfg: repr(cfg.to_dict())))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def prepare(folder, cfg) -> None:
    """Tiny data and the clean checkpoint, where the config looks for them."""
    part = cfg.train_dataloader.dataset
    tree = folder / part.data_root
    if not tree.is_dir():
        tree.mkdir(parents=True)
        TREES[part.type](tree)
    model = cfg.model
    checkpoint = cfg.get('load_from') or model.get('clean_checkpoint')
    if checkpoint is None and model.get('losses') and 'segmentation' in model.losses:
        checkpoint = model.losses.segmentation.checkpoint
    for segmentor in segmentors(cfg) if checkpoint else ():
        save_clean(segmentor, folder / checkpoint)


def state(path) -> dict:
    return torch.load(path, weights_only=False)['state_dict']


def differing(a: dict, b: dict) -> set:
    """Parts of two checkpoints that differ (BN statistics and weights alike)."""
    return {key.split('.')[0] for key in a if not torch.equal(a[key], b[key])}


def run(name: str, folder) -> DegradeRunner:
    """Train as tools/train.py does, each stage for one iteration, and check what moved."""
    cfg = shrunk(name)
    prepare(folder, cfg)
    runner = DegradeRunner.from_cfg(cfg)
    runner.train()
    stages = cfg.train_cfg.get('stages')
    if stages is None:
        assert runner.iter == 1
        return runner
    assert runner.iter == len(stages)
    files = [folder / cfg.work_dir / f'stage_{i}_{s.name}.pth' for i, s in enumerate(stages, 1)]
    states = [state(path) for path in files]
    for before, after, stage in zip(states[:-1], states[1:], stages[1:], strict=True):
        assert differing(before, after) == set(stage.train), (name, stage.name)
    assert all(value.isfinite().all() for value in states[-1].values())
    losses = {
        key: float(buffer.current())
        for key, buffer in runner.message_hub.log_scalars.items()
        if 'loss' in key
    }
    assert losses and all(0 < value < 1e4 for value in losses.values()), losses
    return runner


def metrics(runner) -> dict:
    return {
        key.rpartition('/')[2]: float(buffer.current())
        for key, buffer in runner.message_hub.log_scalars.items()
        if key.startswith(('val/', 'test/'))
    }


def check_both(found: dict) -> None:
    assert {'mIoU', 'aAcc', 'mAcc', 'PSNR', 'SSIM'} <= set(found)
    assert -20 < found['PSNR'] < 60 and 0 <= found['mIoU'] <= 100


def run_test(name: str, folder, checkpoint: str) -> None:
    """Test as `tools/test.py CONFIG CHECKPOINT` does."""
    cfg = shrunk(name)
    prepare(folder, cfg)
    cfg.load_from = checkpoint
    runner = DegradeRunner.from_cfg(cfg)
    check_both({key.rpartition('/')[2]: value for key, value in runner.test().items()})


def follow(net: str, methods, folder) -> None:
    """Run the methods of a network in an order in which each finds what it needs."""
    for method in methods:
        name = f'{net}_awgn50_{method}'
        if method.endswith('_seg') or method == 'nlm':
            run_test(name, folder, load(BY_NAME[f'{net}_awgn50_s1']).load_from)
            continue
        runner = run(name, folder)
        if method == 'dms':  # what the published number of iterations would have left
            work = folder / 'work_dirs' / name
            last = load(BY_NAME[name]).train_cfg.max_iters
            shutil.copy(work / 'iter_1.pth', work / f'iter_{last}.pth')
        found = metrics(runner)
        if method.startswith(('ddfn', 'dms')):
            assert {'PSNR', 'SSIM'} <= set(found) and 'mIoU' not in found
        elif method.startswith('s1') and method != 's1d1s2':
            assert 'mIoU' in found and 'PSNR' not in found
        else:
            check_both(found)


FAST = ('s1', 'sdb1', 'joint', 'gtd1s', 'imgd1s2', 'ddfn1', 'ddfn1_seg', 'dms', 'dms_seg', 'nlm')
REST = tuple(m for m in (*ALWAYS, *MORE) if m not in (*FAST, 'bm3d', 'ddfn2_seg', 'ddfn3_seg'))


def test_camvid_runs(workplace):
    follow('cgnet_camvid', (*FAST, 's1d1s2', 's1plus', 'ddfn2', 'ddfn2_seg'), workplace)
    runner = run('cgnet_camvid_awgn50_ddfn1_seg', workplace)  # S trained behind the fixed DDFN×1
    check_both(metrics(runner))
    left = state(workplace / 'work_dirs' / 'cgnet_camvid_awgn50_ddfn1_seg' / 'iter_1.pth')
    ddfn = state(workplace / 'work_dirs' / 'cgnet_camvid_awgn50_ddfn1' / 'stage_1_D1.pth')
    assert all(torch.equal(left[f'restorer.{key}'], value) for key, value in ddfn.items())


def test_cityscapes_runs(workplace):
    follow('hrnet18s_cityscapes', FAST, workplace)


def test_outdoorseg_and_street_scenes_run(workplace):
    follow('hrnet18s_outdoorseg', ('s1', 'sdb1'), workplace)
    follow('street_scenes', ('sdb1',), workplace)


@pytest.mark.slow
@pytest.mark.parametrize('net', NETWORKS)
def test_the_rest_runs(net, workplace):
    rest = [m for m in REST if m in NETWORKS[net]]
    last = ('ddfn2_seg', 'ddfn3_seg') if 'ddfn3' in rest else ()
    follow(net, (*rest, *last), workplace)


@pytest.mark.parametrize('name', CBSD68)
def test_cbsd68_runs(name, workplace):
    folder = workplace / 'data' / 'CBSD68'
    folder.mkdir(parents=True)
    for i in range(2):
        image = np.random.default_rng(i).integers(0, 256, (20, 24 + i, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{i}.png'), image)
    cfg = load(BY_NAME[name])
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.work_dir = f'work_dirs/{name}'
    cfg.test_evaluator = [cfg.test_evaluator, dict(cfg.test_evaluator, image='input')]
    runner = DegradeRunner.from_cfg(cfg)
    runner.model.init_weights()
    found = runner.test()
    sigma = int(name[-2:])
    assert found['input/PSNR'] == pytest.approx(-20 * np.log10(sigma / 255), abs=0.4)
    assert 0 < abs(found['PSNR'] - found['input/PSNR']) < 30


@pytest.mark.parametrize('net', CLEAN)
def test_clean_configs_run(net, workplace):
    runner = run(f'{net}_clean', workplace)
    assert 'mIoU' in metrics(runner)


def test_a_stage_checkpoint_is_tested_up_to_its_part(workplace):
    """As the README says: `test.py CONFIG stage_1_S1.pth --cfg-options model.stop_after=S1 …`."""
    name = 'cgnet_camvid_awgn50_sdb1'
    run(name, workplace)
    cfg = shrunk(name)
    cfg.merge_from_dict(
        {'model.stop_after': 'S1', 'test_evaluator.1.image': 'input'}, allow_list_keys=True
    )
    cfg.load_from = f'work_dirs/{name}/stage_1_S1.pth'
    found = DegradeRunner.from_cfg(cfg).test()
    assert 'mIoU' in found and found['input/PSNR'] == pytest.approx(14.15, abs=0.3)  # σ = 50
    # And the one stage alone, from what came before it.
    cfg = shrunk(name)
    cfg.train_cfg.only_stage = 'D1'
    cfg.load_from = f'work_dirs/{name}/stage_1_S1.pth'
    cfg.work_dir = 'work_dirs/alone'
    runner = DegradeRunner.from_cfg(cfg)
    runner.train()
    before = state(workplace / 'work_dirs' / name / 'stage_1_S1.pth')
    assert differing(before, state(workplace / 'work_dirs' / 'alone' / 'stage_2_D1.pth')) == {'D1'}


def test_bm3d_says_what_it_needs(workplace, monkeypatch):
    monkeypatch.setitem(sys.modules, 'bm3d', None)
    name = 'cgnet_camvid_awgn50_bm3d'
    with pytest.raises(ImportError, match='non-commercial.*pip install bm3d.*non_local_means'):
        run_test(name, workplace, load(BY_NAME[name]).model.clean_checkpoint)


def test_the_readme_names_configs_that_are_there():
    text = (FOLDER / 'README.md').read_text(encoding='utf-8')
    named = set(re.findall(r'configs/sdabn/(\w+)\.py', text))
    assert named and named <= set(BY_NAME)
    for net, methods in NETWORKS.items():
        assert f'`{net}`' in text
        for method in methods:
            assert method in text, method
