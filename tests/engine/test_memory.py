"""Training does not grow: taps, queues, hooks and loops keep nothing of an iteration.

Every segmentor and the restoration model with D2SM, tiny, through the real runner with the hooks
of the shipped configs.
"""

import gc
import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS

from tests import tiny_features  # noqa: F401
from tests.models.test_sdabn import cascade
from tests.models.ubcn_parts import ubcn
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean

ROOT = Path(__file__).parents[2]
NET = dict(type='DnCNN', depth=3, width=4)
CRITIC = dict(type='FeatureDiscriminator', in_channels=64, strides=(1,) * 6)
SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4, momentum=0.9))
ADAM = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
GENERATOR_AND_CRITIC = dict(segmentor=SGD, discriminator=ADAM)


def models(clean: str) -> dict:
    """Name: (model, parts of its stages or None, optimisers of the last stage).

    All stages but the last take one iteration: no part may be left as it was initialised.
    """
    net = fcn_r18(dropout=0)
    sdabn = cascade(clean_checkpoint=clean)
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
        segmentor=fcn_r18(),
        restorer=NET,
        estimator=NET,
        setting='pretrained',
        ensemble=True,
        clean_checkpoint=clean,
    )
    restore = dict(type='RestoreThenSegment', segmentor=net, restorer=NET, clean_checkpoint=clean)
    whole = ['derain', 'segmentor', 'attentive']
    return {
        'fine-tuning': (fcn_r18(), None, SGD),
        'DGN': (dense_gram(fcn_r18(), clean, source_input='clean'), None, SGD),
        'SDABN, S1': (sdabn, [['S1']], SGD),
        'SDABN, D1': (sdabn, [['D1']], ADAM),
        'UBCN, FAM': (
            ubcn(discriminator=CRITIC),
            [whole, ['segmentor', 'discriminator']],
            GENERATOR_AND_CRITIC,
        ),
        'UBCN, whole': (ubcn(iterations=2), [whole], SGD),
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


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('memory')
    make_camvid(root / 'camvid', images=4, size=(64, 64))
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


def train(data, name: str, iterations: int, watch: Watch) -> None:
    """One run with the loop, sampler and hooks of the shipped configs."""
    model, parts, optimisers = models(str(data / 'clean.pth'))[name]
    size = 64 if name == 'UBCN, FAM' else 32  # a discriminator needs some features to look at
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='RandomCrop', crop_size=(size, size)),
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


@pytest.mark.parametrize('name', NAMES)
def test_no_tensor_outlives_its_iteration(data, name):
    watch = Watch(live_tensors, at=(9, 17, 25))
    train(data, name, 25, watch)
    assert len(watch.seen) == 3 and watch.seen[0] > 50
    assert watch.seen[0] == watch.seen[1] == watch.seen[2]


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/statm').is_file(), reason='reads RSS from /proc')
@pytest.mark.parametrize('name', NAMES)
def test_two_thousand_iterations_take_no_more_memory(data, name):
    watch = Watch(resident_bytes, at=(200, 2000))
    train(data, name, 2000, watch)
    after_warm_up, at_the_end = watch.seen
    assert at_the_end <= 1.01 * after_warm_up


def test_a_leak_is_found(data):
    """The measure itself: a hook that keeps one tensor of each iteration."""

    class Leak(Watch):
        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            self.kept = [*getattr(self, 'kept', []), torch.zeros(1)]
            super().after_train_iter(runner, batch_idx, data_batch, outputs)

    watch = Leak(live_tensors, at=(9, 17))
    train(data, 'fine-tuning', 17, watch)
    assert watch.seen[1] - watch.seen[0] == 8
