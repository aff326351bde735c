"""Make any config of the repository small enough for one training step on a CPU in a test.

Widths, crops, batches and data become tiny; types, layouts, losses, taps, hooks, optimiser and
schedule stay those of the config. Rules go by type, not by config.
"""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmseg.registry import MODELS
from torch.nn.modules.batchnorm import _BatchNorm

from mmdegrade.engine.runner import DegradeRunner
from tests.tiny import make_camvid
from tests.tiny_datasets import (
    make_cityscapes,
    make_outdoorseg,
    make_real_haze,
    make_sunrgbd,
    make_voc,
)

#: Dataset type -> what writes a tiny copy of it.
TREES = {
    'CamVidDataset': make_camvid,
    'CityscapesDataset': make_cityscapes,
    'OutdoorSegDataset': make_outdoorseg,
    'PascalVOCDataset': make_voc,
    'RealHazeDataset': make_real_haze,
    'SUNRGBDDataset': make_sunrgbd,
    'StreetScenesDataset': lambda root: root,  # renders its own
}
#: Narrowest ResNet: a sixteenth of the published width; heads read as much less.
RESNET_SHARE = 16
_RESNET = dict(depth=50, base_channels=64 // RESNET_SHARE, stem_channels=64 // RESNET_SHARE)
_DLA = (2, 2, 4, 4, 6, 8)
#: Type -> arguments that make it narrow.
NARROW = {
    'ResNet': _RESNET,
    'ResNetV1c': _RESNET,
    'VGG16FCN': dict(base_channels=2, fc_channels=8, pad=1, fc6_pad=3),
    'FCN8sHead': dict(in_channels=(8, 16, 8), pad=1, fc6_pad=3),
    'DLA': dict(channels=_DLA),
    'DLAUpHead': dict(in_channels=_DLA[1:]),
    'RefineNetHead': dict(channels=4, top_channels=8),
    'EncHead': dict(channels=8, num_codes=4),
    'PSPHead': dict(channels=8),
    'DepthwiseSeparableASPPHead': dict(channels=8, c1_in_channels=16, c1_channels=4),
    'FCNHead': dict(channels=8),
}
#: What is small already, and stays.
SMALL = ('CGNet',)


def narrow_segmentor(cfg) -> None:
    """Make a plain segmentor narrow, in place, and take the download of weights out."""
    backbone = cfg.backbone
    backbone.init_cfg = None
    if backbone.type in SMALL or backbone.get('base_channels', 64) < 64:
        return
    backbone.update(NARROW[backbone.type])
    for name in ('decode_head', 'auxiliary_head'):
        head = cfg.get(name)
        if head is None:
            continue
        if backbone.type.startswith('ResNet'):
            many = head.in_channels
            head.in_channels = (
                many // RESNET_SHARE
                if isinstance(many, int)
                else [n // RESNET_SHARE for n in many]
            )  # fmt: skip
        head.update(NARROW.get(head.type, {}))


def shrink_data(cfg, root: Path) -> None:
    """Point the loaders at tiny data below ``root``, which is written once; shrink the crops."""
    for split in ('train', 'val', 'test'):
        loader = cfg[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        loader.batch_size = min(loader.batch_size, 2)
        part = loader.dataset
        tree = root / part.type
        if not tree.is_dir():
            tree.mkdir(parents=True)
            TREES[part.type](tree)
        part.data_root = str(tree)
        if part.type == 'StreetScenesDataset':
            part.num_images = 2
        else:
            part.serialize_data = False  # it collects garbage, for longer than the step takes
        for transform in part.pipeline:
            if transform.type == 'RandomCrop':
                transform.crop_size = (48, 64)
            if transform.type == 'RandomResize':
                transform.scale = (96, 72)


def save_clean(segmentor, path: Path) -> str:
    """Weights of the narrow segmentor with BN statistics of noise: as if trained, not blown up."""
    if not path.is_file():
        torch.manual_seed(0)
        model = MODELS.build(segmentor)
        model.init_weights()
        for parameter in model.parameters():
            if parameter.ndim == 4 and not parameter.any():  # scores of FCN-8s start at zero
                torch.nn.init.normal_(parameter, std=0.1)
        norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
        momenta = [norm.momentum for norm in norms]
        torch.nn.Module.train(model)
        for norm in norms:
            torch.nn.Module.train(norm)
            norm.momentum = 1.0
        with torch.no_grad():
            model(torch.randn(2, 3, 64, 96), mode='tensor')
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


def shrink(cfg: Config, root: Path, network: str) -> Config:
    """A copy of a config for one iteration; ``root`` keeps data and clean checkpoints.

    Args:
        cfg: Any config of the repository; not changed.
        root: Folder shared by all configs of a test session.
        network: What has a clean checkpoint of its own, e.g. ``'fcn8s_voc'``.
    """
    cfg = Config(cfg.to_dict())
    segmentor = cfg.model.get('segmentor', cfg.model)
    narrow_segmentor(segmentor)
    shrink_data(cfg, root)
    clean = root / 'clean' / f'{network}.pth'
    starts = cfg.model.get('clean_checkpoint') or cfg.get('load_from')
    if starts:
        save_clean(segmentor, clean)
        if cfg.get('load_from'):
            cfg.load_from = str(clean)
        else:
            cfg.model.clean_checkpoint = str(clean)
    for hook in cfg.get('custom_hooks') or ():
        if 'clean_checkpoint' in hook:
            hook.clean_checkpoint = str(clean)
        if hook.type == 'EWCHook':
            state = torch.load(clean, weights_only=True)['state_dict']
            ones = {name: torch.ones_like(value) for name, value in state.items()}
            hook.fisher = str(clean.with_suffix('.fisher'))
            torch.save(dict(fisher=ones, start=state), hook.fisher)
    cfg.train_cfg.update(max_iters=1, val_interval=10)
    for part in ('dataloader', 'evaluator', 'cfg'):
        cfg[f'val_{part}'] = cfg[f'test_{part}'] = None
    cfg.default_hooks.checkpoint = None
    return cfg


def one_step(cfg: Config, work_dir: Path) -> tuple[Runner, dict, dict]:
    """Run one iteration; give the runner, its network's weights before, and the logged scalars."""
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = work_dir.name
    runner = DegradeRunner.from_cfg(cfg)
    before = {}
    take = runner.call_hook

    def call_hook(name: str, **kwargs):
        if name == 'before_train_iter':  # after weights and checkpoints were loaded
            network = getattr(runner.model, 'segmentor', runner.model)
            before.update({k: v.detach().clone() for k, v in network.named_parameters()})
        return take(name, **kwargs)

    runner.call_hook = call_hook
    runner.train()
    scalars = {
        name.removeprefix('train/'): float(buffer.current())
        for name, buffer in runner.message_hub.log_scalars.items()
        if name.startswith('train/')
    }
    return runner, before, scalars
