"""configs/fidelity: what names and paper say is what the configs hold, and their stages run."""

import shutil

import mmengine.runner.runner as mmengine_runner
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope, init_default_scope

from mmdegrade.degradations import get_series
from mmdegrade.engine.runner import DegradeRunner
from mmdegrade.models.clean_checkpoint import find_command
from tests.configs.names import ROOT, load
from tests.configs.shrink import save_clean
from tests.tiny import make_camvid

LEAVES = {path.stem: path for path in sorted((ROOT / 'fidelity').glob('*.py'))}
NETS = ('resnet50', 'alexnet', 'vgg16', 'googlenet')
SETTINGS = ('oracle', 'pretrained', 'end_to_end')
BASELINES = ('restored', 'retrained_noisy', 'retrained_restored')
METHODS = (*SETTINGS, *BASELINES)


def test_every_config_that_there_should_be():
    expected = {f'cgnet_camvid_awgn_{m}' for m in (*METHODS, 'noisy')}
    expected |= {f'resnet18_caltech101_awgn_{m}' for m in METHODS} | {'resnet18_caltech101_clean'}
    expected |= {f'{net}_caltech256_awgn_{m}' for net in NETS for m in METHODS}
    expected |= {f'{net}_caltech256_awgn_{s}_ensemble' for net in NETS for s in SETTINGS}
    expected |= {f'{net}_caltech256_clean' for net in NETS} | {'dncnn_caltech256_awgn'}
    assert set(LEAVES) == expected


@pytest.mark.parametrize('name', LEAVES)
def test_leaf_is_short_and_explains_itself(name):
    lines = LEAVES[name].read_text().splitlines()
    assert lines[0].startswith('# ') and len(lines[0]) > 20 and len(lines) <= 45


@pytest.mark.parametrize('name', LEAVES)
def test_noise_of_the_paper(name):
    cfg = load(LEAVES[name])
    cells = [cell.to_dict() for cell in cfg.test_cfg.cells]
    assert cfg.test_cfg.type == 'DegradationTestLoop' and cells[0] == dict(kind='clean')
    levels = [get_series(c['kind'], c['preset']).params(c['degree']) for c in cells[1:]]
    assert [one['sigma'] / 255 for one in levels] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5] + [0.5] * 2
    )
    assert all(one['clip'] for one in levels)
    assert [cell['kind'] for cell in cells[6:]] == ['awgn_1d', 'awgn_2d']
    stages = cfg.train_cfg.get('stages') or []
    loaders = [cfg.train_dataloader, *(stage.get('dataloader') or {} for stage in stages)]
    mixed = [
        transform
        for loader in loaders
        for transform in (loader.get('dataset') or {}).get('pipeline', ())
        if transform.type == 'RandomDegrade'
    ]
    assert bool(mixed) != name.endswith('clean')
    for one in mixed:
        assert one.prob == pytest.approx(5 / 6) and one.keep_clean
        assert one.choices == [dict(kind='awgn', degree=[1, 2, 3, 4, 5], preset='fidelity')]


@pytest.mark.parametrize('name', [name for name in LEAVES if 'caltech256' in name])
def test_published_training(name):
    cfg = load(LEAVES[name])
    stages = cfg.train_cfg.get('stages') or []
    wanted = dict(type='SGD', lr=1e-3, momentum=0.9, nesterov=True)
    assert cfg.optim_wrapper.optimizer == wanted
    warm, cosine = cfg.param_scheduler
    assert (warm.type, warm.end, cosine.type, cosine.end) == (
        'LinearLR', 5 * 193, 'CosineAnnealingLR', 50 * 193,
    )  # fmt: skip
    if name.startswith('dncnn'):
        assert cfg.train_dataloader.batch_size == 128
        assert all(s.optim_wrapper.optimizer == dict(type='Adam', lr=1e-4) for s in stages)
        crops = [t.crop_size for t in cfg.train_dataloader.dataset.pipeline if 'crop_size' in t]
        assert crops == [50]
        return
    assert cfg.train_dataloader.batch_size == 64
    iters = {stage.name: stage.iters for stage in stages}
    setting = next((s for s in SETTINGS if f'awgn_{s}' in name), None)
    expected = {} if setting is None else dict(calibration=9650)
    if name.endswith('ensemble'):
        expected['ensemble'] = 4825
    assert iters == expected


@pytest.mark.parametrize('name', LEAVES)
def test_checkpoints_are_those_that_a_config_leaves(name):
    cfg = load(LEAVES[name])
    paths = [cfg.model.get(key) for key in ('clean_checkpoint', 'restorer_checkpoint')]
    for path in filter(None, [*paths, cfg.model.get('estimator_checkpoint'), cfg.get('load_from')]):
        (maker,) = ROOT.parent.glob(find_command(path).split()[-1])
        made = load(maker).train_cfg
        files = {f'iter_{made.get("max_iters")}.pth'}
        files |= {f'stage_{i}_{s.name}.pth' for i, s in enumerate(made.get('stages') or (), 1)}
        assert path.split('/')[-1] in files


def sizes(name: str, device: str) -> dict[str, int]:
    cfg = load(LEAVES[name])
    with torch.device(device), DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    counts = {}
    for key, parameter in model.named_parameters():
        part = key.split('.')[0] if parameter.requires_grad else 'fixed'
        counts[part] = counts.get(part, 0) + parameter.numel()
    return counts


def test_published_parameter_counts():
    pytest.importorskip('mmpretrain')
    counts = sizes('resnet50_caltech256_awgn_pretrained', 'cpu')
    counts.pop('fixed')
    assert counts == dict(spatial=1830, channel=10_491_904)
    assert sum(counts.values()) == 10_493_734
    more = sizes('resnet50_caltech256_awgn_pretrained_ensemble', 'cpu')
    assert more['ensemble'] == 2_101_248 and more['channel'] == counts['channel']
    ends = sizes('resnet50_caltech256_awgn_end_to_end', 'cpu')
    assert ends['estimator'] == 668_227


@pytest.mark.parametrize('net, sites, width', [('alexnet', 5, 9216), ('googlenet', 6, 1024)])
def test_counts_of_other_networks(net, sites, width):
    pytest.importorskip('mmpretrain')
    counts = sizes(f'{net}_caltech256_awgn_oracle', 'meta')
    half = width // 2
    multiplication = (width + 1) * half + (half + 1) * width
    concatenation = (2 * width + 1) * half + (half + 1) * width
    assert counts['spatial'] == sites * 610
    assert counts['channel'] == multiplication + concatenation


# From here on the configs are run.


def shrink_loader(loader) -> None:
    loader.update(num_workers=0, persistent_workers=False)
    loader.batch_size = min(loader.get('batch_size', 2), 2)
    for transform in loader.dataset.pipeline:
        if transform.type == 'RandomCrop' and transform.crop_size == (288, 288):
            transform.crop_size = (48, 48)
    if 'type' in loader.dataset:
        loader.dataset.update(indices=2)


def shrunk(name: str) -> Config:
    cfg = Config(load(LEAVES[name]).to_dict())
    for split in ('train', 'val', 'test'):
        shrink_loader(cfg[f'{split}_dataloader'])
    for stage in cfg.train_cfg.get('stages') or ():
        if stage.get('dataloader'):
            shrink_loader(stage.dataloader)
        stage.iters = 1
    if 'stages' not in cfg.train_cfg:
        cfg.train_cfg.update(max_iters=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir = f'work_dirs/{name}'
    cfg.experiment_name = name
    return cfg


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)
    monkeypatch.setattr(Config, 'pretty_text', property(lambda cfg: repr(cfg.to_dict())))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def train(name: str) -> DegradeRunner:
    runner = DegradeRunner.from_cfg(shrunk(name))
    runner.train()
    scalars = runner.message_hub.log_scalars
    losses = {k: float(v.current()) for k, v in scalars.items() if 'loss' in k}
    assert losses and all(0 <= value < 1e4 for value in losses.values()), losses
    return runner


def check_stages(folder, name: str, frozen: str) -> None:
    """Train all stages; each moves its parts, none moves the network."""
    runner = train(name)
    stages = runner.train_loop.stages
    paths = [folder / f'work_dirs/{name}/{stage.checkpoint}' for stage in stages]
    after = [torch.load(path, weights_only=False)['state_dict'] for path in paths]
    for a, b, stage in zip(after[:-1], after[1:], stages[1:], strict=True):
        moved = {key.split('.')[0] for key in a if not torch.equal(a[key], b[key])}
        assert moved <= set(stage.train) and moved, (name, stage.name)
    start = torch.load(runner.cfg.model.clean_checkpoint, weights_only=False)['state_dict']
    for key, value in start.items():
        assert torch.equal(value, after[-1][f'{frozen}.{key}']), key


def test(name: str, checkpoint, metric: str, **model) -> dict:
    cfg = shrunk(name)
    cfg.test_cfg.cells = [cfg.test_cfg.cells[i] for i in (0, 5, 7)]
    cfg.model.update(model)
    cfg.load_from = str(checkpoint)
    found = DegradeRunner.from_cfg(cfg).test()
    names = ('clean', 'fidelity:awgn_5', 'fidelity:awgn_2d_1')
    assert {f'{cell}/{metric}' for cell in names} <= set(found)
    return found


test.__test__ = False
CAMVID, SAMPLE = 'cgnet_camvid_awgn', 'resnet18_caltech101_awgn'


def prepare_camvid(folder) -> str:
    make_camvid(folder / 'data/camvid', images=2, size=(64, 72))
    cfg = load(LEAVES[f'{CAMVID}_pretrained'])
    init_default_scope('mmseg')
    clean = save_clean(cfg.model.segmentor, folder / cfg.model.clean_checkpoint)
    check_stages(folder, f'{CAMVID}_pretrained', 'segmentor')
    return clean


@pytest.mark.filterwarnings('ignore')
def test_camvid_in_stages(workplace):
    prepare_camvid(workplace)


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')
def test_camvid(workplace):
    clean = prepare_camvid(workplace)
    for setting in ('oracle', 'end_to_end'):
        check_stages(workplace, f'{CAMVID}_{setting}', 'segmentor')
    last = workplace / f'work_dirs/{CAMVID}_pretrained/stage_4_ensemble.pth'
    found = test(f'{CAMVID}_pretrained', last, 'mIoU')
    assert 'clean/PSNR' in found
    test(f'{CAMVID}_pretrained', last, 'mIoU', ensemble=False)
    last = workplace / f'work_dirs/{CAMVID}_oracle/stage_2_ensemble.pth'
    test(f'{CAMVID}_oracle', last, 'mIoU')
    restored = test(f'{CAMVID}_restored', clean, 'mIoU')
    assert restored['clean/PSNR'] == pytest.approx(found['clean/PSNR'], rel=1e-6)
    test(f'{CAMVID}_noisy', clean, 'mIoU')
    for setup in ('noisy', 'restored'):
        assert train(f'{CAMVID}_retrained_{setup}').iter == 1


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')
def test_caltech101_sample(workplace, data_dir, require_data):
    pytest.importorskip('mmpretrain')
    require_data('classification_sample/train')
    shutil.copytree(data_dir / 'classification_sample', workplace / 'data/caltech101_sample')
    train('resnet18_caltech101_clean')
    made = workplace / 'work_dirs/resnet18_caltech101_clean'
    shutil.copy(made / 'iter_1.pth', made / 'iter_3000.pth')
    for setting in ('pretrained', 'oracle', 'end_to_end'):
        check_stages(workplace, f'{SAMPLE}_{setting}', 'classifier')
    test('resnet18_caltech101_clean', made / 'iter_3000.pth', 'accuracy/top1')
    last = workplace / f'work_dirs/{SAMPLE}_pretrained/stage_4_ensemble.pth'
    test(f'{SAMPLE}_pretrained', last, 'accuracy/top1')
    last = workplace / f'work_dirs/{SAMPLE}_oracle/stage_2_ensemble.pth'
    test(f'{SAMPLE}_oracle', last, 'accuracy/top1', ensemble=False)
    test(f'{SAMPLE}_restored', made / 'iter_3000.pth', 'accuracy/top1')
    for setup in ('noisy', 'restored'):
        assert train(f'{SAMPLE}_retrained_{setup}').iter == 1
