"""configs/ubcn: what names and supplement say is what the configs hold, and each stage steps.

Configs are run unchanged but for their size: in a folder of tiny data, with the paths they name.
"""

import mmengine.runner.runner as mmengine_runner
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmseg.registry import MODELS

from mmdegrade.degradations import resolve_params
from mmdegrade.engine.degradation import fill_degradation, transforms_in
from mmdegrade.engine.runner import DegradeRunner
from mmdegrade.models.class_groups import GROUPS
from mmdegrade.models.clean_checkpoint import find_command
from tests.configs.names import ROOT, load
from tests.configs.shrink import RESNET_SHARE, TREES, narrow_segmentor, save_clean
from tests.tiny_datasets import make_rain_cityscapes, write

LEAVES = {path.stem: path for path in sorted((ROOT / 'ubcn').glob('*.py'))}
NETS = ('cgnet_camvid', 'deeplabv3plus_voc', 'pspnet_cityscapes', 'street_scenes')
METHODS = ('derain', 'idm', 'idm_fam', 'ubcn')
PAIRED = ('pspnet_raincityscapes_ubcn', 'rain100_derain')


def test_every_config_that_there_should_be():
    assert set(LEAVES) == {f'{n}_rain150_{m}' for n in NETS for m in METHODS} | {*PAIRED}


@pytest.mark.parametrize('name', LEAVES)
def test_leaf_is_short_and_explains_itself(name):
    lines = LEAVES[name].read_text().splitlines()
    assert lines[0].startswith('# ') and len(lines[0]) > 20 and len(lines) <= 45


@pytest.mark.parametrize('net', NETS)
@pytest.mark.parametrize('method', METHODS)
def test_rain_of_150_and_clean_images_everywhere(net, method):
    cfg = fill_degradation(load(LEAVES[f'{net}_rain150_{method}']))
    stages = cfg.train_cfg.get('stages') or []
    loaders = [cfg[f'{split}_dataloader'] for split in ('train', 'val', 'test')]
    found = [
        t
        for t in transforms_in([*loaders, *(stage.get('dataloader') for stage in stages)])
        if t['type'] == 'Degrade'
    ]
    assert len(found) >= 3
    for one in found:
        params = resolve_params(one.kind, one.degree, one.preset)
        assert (one.kind, params['intensity'], one.keep_clean) == ('rain', 150, True)


@pytest.mark.parametrize('net, images', [('pspnet_cityscapes', 2975), ('deeplabv3plus_voc', 8498)])
def test_published_settings(net, images):
    cfg = load(LEAVES[f'{net}_rain150_ubcn'])
    idm, fam, sam, whole = cfg.train_cfg.stages
    assert [s.name for s in cfg.train_cfg.stages] == ['IDM', 'FAM', 'SAM', 'all']
    epoch = images // 24
    assert idm.iters == fam.iters == sam.iters == 100 * epoch
    assert whole.iters == 50 * (images // 12)
    assert cfg.optim_wrapper.optimizer == dict(type='Adam', lr=1e-2)
    (steps,) = cfg.param_scheduler
    assert steps.gamma == 0.2 and steps.milestones == [30 * epoch, 60 * epoch, 90 * epoch]
    assert [s.dataloader.batch_size for s in (idm, sam, whole)] == [24, 24, 12]
    assert cfg.train_dataloader.batch_size == 24
    rates = {part: w.optimizer.lr for part, w in fam.optim_wrapper.items()}
    assert rates == dict(segmentor=1e-2, discriminator=1e-3)
    sgd = whole.optim_wrapper.optimizer
    assert (sgd.type, sgd.lr, sgd.momentum) == ('SGD', 1e-4, 0.9)
    for wrapper in (cfg.optim_wrapper, *fam.optim_wrapper.values(), whole.optim_wrapper):
        assert wrapper.clip_grad.max_norm == 1.0


def test_published_sizes():
    with torch.device('meta'):
        model = MODELS.build(load(LEAVES['pspnet_cityscapes_rain150_ubcn']).model)
    sizes = {
        name: sum(p.numel() for p in getattr(model, name).parameters())
        for name in ('derain', 'attentive', 'discriminator')
    }
    assert sizes == dict(derain=427_235, attentive=3_350_467, discriminator=9_056_449)
    assert len(model.groups) == 10 and model.iterations == 3


@pytest.mark.parametrize('net', NETS)
def test_methods_share_their_parts_and_start(net):
    derain, idm, fam, ubcn = (load(LEAVES[f'{net}_rain150_{method}']) for method in METHODS)
    assert derain.model.restorer == idm.model.restorer == fam.model.derain == ubcn.model.derain
    last = derain.train_cfg.max_iters
    assert idm.model.restorer_checkpoint == f'work_dirs/{net}_rain150_derain/iter_{last}.pth'
    assert idm.model.segmentor == fam.model.segmentor == ubcn.model.segmentor
    starts = {cfg.model.clean_checkpoint for cfg in (idm, fam, ubcn)}
    (start,) = starts
    (path,) = ROOT.parent.glob(find_command(start).split()[-1])
    assert start == f'work_dirs/{path.stem}/iter_{load(path).train_cfg.max_iters}.pth'
    assert ubcn.train_cfg.stages[:2] == fam.train_cfg.stages
    first = fam.train_cfg.stages[0]
    assert (first.iters, derain.train_dataloader.batch_size) == (last, first.dataloader.batch_size)
    dataset = ubcn.train_dataloader.dataset.type
    assert ubcn.model.classes == dataset
    assert ubcn.model.attentive.num_paths == len(GROUPS[dataset])


# From here on the configs are run.


def shrink_loader(loader) -> None:
    if loader is None:
        return
    loader.update(num_workers=0, persistent_workers=False)
    loader.batch_size = min(loader.get('batch_size', 2), 2)
    part = loader.dataset
    if part.get('type') == 'StreetScenesDataset':
        part.num_images = 2
    elif 'type' in part:
        part.update(serialize_data=False, indices=2)
    for transform in part.pipeline:
        if transform.type == 'RandomCrop':
            transform.crop_size = (64, 64)
        if transform.type == 'RandomResize':
            transform.update(scale=(96, 72), ratio_range=(1.0, 1.0))


def shrunk(name: str) -> Config:
    """The config, small: one iteration a stage, two residual blocks."""
    cfg = Config(load(LEAVES[name]).to_dict())
    for key in ('derain', 'restorer', 'attentive'):
        if key in cfg.model:
            cfg.model[key].num_blocks = 1
    if 'segmentor' in cfg.model:
        narrow_segmentor(cfg.model.segmentor)
    judge = cfg.model.get('discriminator')
    if judge is not None:
        judge.strides = (1,) * 6
        if judge.in_channels == 2048:
            judge.in_channels //= RESNET_SHARE
    for split in ('train', 'val', 'test'):
        shrink_loader(cfg[f'{split}_dataloader'])
    for stage in cfg.train_cfg.get('stages') or ():
        shrink_loader(stage.get('dataloader'))
        stage.update(iters=1, val_interval=0 if stage.name in ('FAM', 'all') else None)
    if 'stages' not in cfg.train_cfg:
        cfg.train_cfg.update(max_iters=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir = f'work_dirs/{name}'
    cfg.experiment_name = name
    return cfg


def make_rain100(root):
    generator = torch.Generator().manual_seed(0)
    for split in ('train', 'test'):
        for name in ('rain/rain-1', 'rain/rain-2', 'norain/norain-1', 'norain/norain-2'):
            pixels = torch.randint(0, 256, (80, 88, 3), generator=generator, dtype=torch.uint8)
            write(root / split / f'{name}.png', pixels.numpy())


MORE_TREES = {'RainCityscapesDataset': make_rain_cityscapes, 'PairedImageDataset': make_rain100}


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder to run in, without the runner's slow reports."""
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
        make = {**TREES, **MORE_TREES}[part.type]
        sized = part.type not in ('StreetScenesDataset', 'PairedImageDataset')
        make(tree, size=(80, 96)) if sized else make(tree)
    if cfg.model.get('clean_checkpoint'):
        save_clean(cfg.model.segmentor, folder / cfg.model.clean_checkpoint)


class ScalarsOfAllStages(Hook):
    """Each stage's log begins anew; here are the last values of all of them."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def after_train_iter(self, runner, *args, **kwargs) -> None:
        found = runner.message_hub.log_scalars
        self.last.update({key: float(value.current()) for key, value in found.items()})

    after_val_epoch = after_train_iter


def train(name: str, folder) -> tuple[DegradeRunner, dict]:
    cfg = shrunk(name)
    prepare(folder, cfg)
    runner = DegradeRunner.from_cfg(cfg)
    hook = ScalarsOfAllStages()
    runner.register_hook(hook, priority='LOWEST')
    runner.train()
    scalars = hook.last
    assert all(0 <= value < 1e4 for key, value in scalars.items() if 'loss' in key), scalars
    return runner, scalars


def states(folder, name: str, stages) -> list[dict]:
    paths = [folder / f'work_dirs/{name}/stage_{i}_{s}.pth' for i, s in enumerate(stages, 1)]
    return [torch.load(path, weights_only=False)['state_dict'] for path in paths]


def check_stages(folder, name: str) -> None:
    """Train all stages, and see which parts each of them moved."""
    runner, scalars = train(name, folder)
    expected = dict(FAM={'segmentor', 'discriminator'}, SAM={'attentive'})
    expected['all'] = {'derain', 'segmentor', 'attentive'}
    names = [stage.name for stage in runner.train_loop.stages]
    after = states(folder, name, names)
    for a, b, stage in zip(after[:-1], after[1:], names[1:], strict=True):
        moved = {key.split('.')[0] for key in a if not torch.equal(a[key], b[key])}
        assert moved == expected[stage], (name, stage)
    assert {'train/loss_adversarial', 'train/discriminator_bce', 'val/mIoU', 'val/PSNR'} <= set(
        scalars
    )


QUICK = ('street_scenes', 'cgnet_camvid')
SLOW = tuple(net for net in NETS if net not in QUICK)


@pytest.mark.parametrize(
    'net', [*QUICK, *(pytest.param(net, marks=pytest.mark.slow) for net in SLOW)]
)
@pytest.mark.filterwarnings('ignore')
def test_every_stage_and_baseline_runs(net, workplace):
    check_stages(workplace, f'{net}_rain150_ubcn')
    names = [f'{net}_rain150_{method}' for method in METHODS]
    _, scalars = train(names[0], workplace)
    assert {'train/loss_l1', 'val/PSNR', 'val/SSIM'} <= set(scalars)
    # IDM alone, then the clean-trained network.
    cfg = shrunk(names[1])
    cfg.model.restorer_checkpoint = f'work_dirs/{names[0]}/iter_1.pth'
    cfg.load_from = cfg.model.clean_checkpoint
    assert {'mIoU', 'PSNR'} <= set(DegradeRunner.from_cfg(cfg).test())
    # The stages of a run of UBCN serve as the baseline without a loop, and T as an early exit.
    cfg = shrunk(names[2])
    cfg.load_from = f'work_dirs/{names[3]}/stage_2_FAM.pth'
    assert {'mIoU', 'PSNR'} <= set(DegradeRunner.from_cfg(cfg).test())
    cfg = shrunk(names[3])
    cfg.load_from = f'work_dirs/{names[3]}/stage_4_all.pth'
    cfg.model.iterations = 1
    found = DegradeRunner.from_cfg(cfg).test()
    assert {'mIoU', 'PSNR', 'input/PSNR', 'step_0/mIoU', 'step_1/PSNR'} <= set(found)
    assert found['step_1/PSNR'] == found['PSNR'] and 'step_2/PSNR' not in found


@pytest.mark.filterwarnings('ignore')
def test_pairs_without_masks(workplace):
    _, scalars = train('rain100_derain', workplace)
    assert {'train/loss_l1', 'val/PSNR'} <= set(scalars)


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')
def test_rain_cityscapes(workplace):
    check_stages(workplace, 'pspnet_raincityscapes_ubcn')
