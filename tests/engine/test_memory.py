"""Training does not grow: taps, queues, hooks and loops keep nothing of an iteration.

Every segmentor and the restoration model with D2SM, through the real runner with the hooks of the
shipped configs. Networks are as small as the models allow: what is kept does not depend on widths.
"""

import gc
import os
from pathlib import Path

import mmengine.runner.runner as mmengine_runner
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.registry import MODELS, RUNNERS
from mmseg.registry import MODELS as SEG_MODELS
from torch import nn

from mmdegrade.models.discriminators.base import WindowDiscriminator
from tests import tiny_features  # noqa: F401
from tests.models.test_sdabn import cascade
from tests.models.ubcn_parts import ubcn
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean

ROOT = Path(__file__).parents[2]
NET = dict(type='DnCNN', depth=3, width=4)
SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4, momentum=0.9))
ADAM = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
GENERATOR_AND_CRITIC = dict(segmentor=SGD, discriminator=ADAM)


@SEG_MODELS.register_module(force=True)
class TinyBackbone(BaseModule):
    """The outside of a ResNet: a max-pool, four stages, and a convolution with BN in each."""

    def __init__(self, widths=(4, 4, 8, 8)) -> None:
        super().__init__()
        self.maxpool = nn.MaxPool2d(2)
        for stage, (before, after) in enumerate(zip((3, *widths), widths, strict=False), start=1):
            stride = 2 if stage == 1 else 1
            conv = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
            block = nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU())
            self.add_module(f'layer{stage}', nn.Sequential(block))

    def forward(self, x):
        maps = [self.maxpool(self.layer1(x))]
        for stage in (2, 3, 4):
            maps.append(getattr(self, f'layer{stage}')(maps[-1]))
        return maps


@MODELS.register_module(force=True)
class TinyDiscriminator(WindowDiscriminator):
    def __init__(self) -> None:
        super().__init__((8, 8, 8, 1), (1, 1, 1), nn.BatchNorm2d)


def network() -> dict:
    """An FCN on the tiny backbone."""
    cfg = fcn_r18(dropout=0.1)
    cfg['backbone'] = dict(type='TinyBackbone')
    cfg['decode_head'].update(in_channels=8)
    return cfg


def models(clean: str) -> dict:
    """Name: (model, parts of its stages or None, optimisers of the last stage).

    All stages but the last take one iteration: no part may be left as it was initialised.
    """
    net = network()
    sdabn = cascade(segmentor=net, clean_checkpoint=clean)
    adapting = ubcn(
        segmentor=net,
        derain=NET,
        attentive=dict(type='TinyDenoiser', condition_channels=6),
        iterations=2,
    )
    restoring = dict(
        type='RestorationModel',
        restorer=NET,
        losses=dict(
            l1=dict(type='RestorationL1Loss'),
            d2sm=dict(
                type='D2SMLoss',
                feature_extractor=dict(type='TinyFeatures'),
                queue_size=6,
                patches=2,
                patch_size=8,
            ),
        ),
    )
    fidelity = dict(
        type='FidelitySegmentor',
        segmentor=net,
        restorer=NET,
        estimator=NET,
        setting='pretrained',
        ensemble=True,
        clean_checkpoint=clean,
    )
    restore = dict(type='RestoreThenSegment', segmentor=net, restorer=NET, clean_checkpoint=clean)
    whole = ['derain', 'segmentor', 'attentive']
    return {
        'fine-tuning': (net, None, SGD),
        'DGN': (dense_gram(net, clean, source_input='clean'), None, SGD),
        'SDABN, S1': (sdabn, [['S1']], SGD),
        'SDABN, D1': (sdabn, [['D1']], ADAM),
        'UBCN, FAM': (
            dict(adapting, discriminator=dict(type='TinyDiscriminator')),
            [whole, ['segmentor', 'discriminator']],
            GENERATOR_AND_CRITIC,
        ),
        'UBCN, whole': (dict(adapting, discriminator=None), [whole], SGD),
        'fidelity, restorer': (fidelity, [['estimator'], ['spatial', 'head'], ['restorer']], SGD),
        'fidelity, calibration': (
            fidelity,
            [['restorer'], ['estimator'], ['spatial', 'head']],
            SGD,
        ),
        'restore, then segment': (restore, None, SGD),
        'D2SM': (restoring, None, ADAM),
    }


NAMES = list(models(''))
#: A plain training, taps of a teacher, queues. The others take the same hooks and loops.
QUICK = ('fine-tuning', 'DGN', 'D2SM')


class Watch(Hook):
    """Calls ``measure`` after certain iterations."""

    priority = 'VERY_LOW'

    def __init__(self, measure, at) -> None:
        self.measure = measure
        self.at = at
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter + 1 in self.at:
            self.seen.append(self.measure())


def live_tensors() -> int:
    """Tensors that anything still refers to."""
    gc.collect()
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())


def resident_bytes() -> int:
    """Memory of the process that is in RAM (RSS)."""
    gc.collect()
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE')


@pytest.fixture(autouse=True)
def no_environment_report(monkeypatch):
    """The runner asks the shell for compilers and GPUs, which takes longer than the training."""
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('memory')
    make_camvid(root / 'camvid', images=4, size=(32, 32))
    save_clean(network(), root / 'clean.pth')
    return root


def train(data, name: str, iterations: int, watch: Watch) -> None:
    """One run with the loop, sampler and hooks of the shipped configs."""
    model, parts, optimisers = models(str(data / 'clean.pth'))[name]
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='RandomCrop', crop_size=(16, 16)),
        dict(type='RandomFlip', prob=0.5),
        dict(type='Degrade', kind='awgn', degree=3, keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]
    cfg = Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py')
    cfg.default_hooks.checkpoint.interval = 10**6
    loop = dict(type='IterBasedTrainLoop', max_iters=iterations)
    if parts:
        stages = [dict(name=str(i), train=part, iters=1) for i, part in enumerate(parts)]
        stages[-1].update(iters=iterations - len(stages) + 1, optim_wrapper=optimisers)
        for stage in stages:
            stage['val_interval'] = None
        loop = dict(type='StagedTrainLoop', stages=stages)
        optimisers = SGD
    slug = ''.join(letter for letter in name if letter.isalnum())
    cfg.merge_from_dict(
        dict(
            work_dir=str(data / slug),
            experiment_name=f'{slug}_{iterations}',
            log_level='ERROR',
            visualizer=dict(name=f'{slug}_{iterations}'),
            model=model,
            train_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='KeyedSampler'),
                dataset=dict(
                    type='CamVidDataset',
                    data_root=str(data / 'camvid'),
                    ann_file='train.txt',
                    pipeline=pipeline,
                ),
            ),
            train_cfg=loop,
            optim_wrapper=optimisers,
            param_scheduler=[dict(type='PolyLR', power=0.9, end=iterations, by_epoch=False)],
        )
    )
    runner = RUNNERS.build(cfg)
    runner.register_hook(watch)
    runner.train()


@pytest.mark.parametrize(
    'name', [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES]
)
def test_no_tensor_outlives_its_iteration(data, name):
    watch = Watch(live_tensors, at=(8, 14, 20))
    train(data, name, 20, watch)
    assert len(watch.seen) == 3 and watch.seen[0] > 20
    assert watch.seen[0] == watch.seen[1] == watch.seen[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/statm').is_file(), reason='reads RSS from /proc')
@pytest.mark.parametrize('name', NAMES)
def test_two_thousand_iterations_take_no_more_memory(data, name):
    watch = Watch(resident_bytes, at=(200, 2000))
    train(data, name, 2000, watch)
    after_warm_up, at_the_end = watch.seen
    growth = 100 * (at_the_end / after_warm_up - 1)
    print(f'{name}: {growth:+.2f} % of {after_warm_up / 2**20:.0f} MiB')  # shown by pytest -s
    assert at_the_end <= 1.01 * after_warm_up


def test_a_leak_is_found(data):
    """The measure itself: a hook that keeps one tensor of each iteration."""

    class Leak(Watch):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            self.kept = [*getattr(self, 'kept', []), torch.zeros(1)]
            super().after_train_iter(runner, batch_idx, data_batch, outputs)

    watch = Leak(live_tensors, at=(4, 12))
    train(data, 'fine-tuning', 12, watch)
    assert watch.seen[1] - watch.seen[0] == 8


def test_a_logged_number_takes_sixteen_bytes():
    """What grows by design: the value and its count, up to a million of each name."""
    history = HistoryBuffer()
    for value in range(1000):
        history.update(value / 3)
    assert sum(array.nbytes for array in history.data) == 16 * 1000
    assert history.max_length == 10**6
