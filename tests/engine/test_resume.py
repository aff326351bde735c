"""A resumed run equals an uninterrupted one, bit for bit."""

import hashlib

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean
from tests.tiny_features import TinyFeatures


def config(tmp_path, workers: int, work_dir: str, max_iters: int, resume: bool = False) -> Config:
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='RandomResize', scale=(64, 48), ratio_range=(0.8, 1.5), keep_ratio=True),
        dict(type='RandomCrop', crop_size=(32, 32)),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PhotoMetricDistortion'),
        dict(type='Degrade', kind='saltpepper', degree=5, prob=0.7, keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]
    return Config(
        dict(
            default_scope='mmseg',
            runner_type='DegradeRunner',
            work_dir=str(tmp_path / work_dir),
            model=dense_gram(
                fcn_r18(dropout=0.5), str(tmp_path / 'clean.pth'), source_input='clean'
            ),
            train_dataloader=dict(
                batch_size=2,
                num_workers=workers,
                persistent_workers=workers > 0,
                sampler=dict(type='KeyedSampler'),
                dataset=dict(
                    type='CamVidDataset',
                    data_root=str(tmp_path / 'camvid'),
                    ann_file='train.txt',
                    pipeline=pipeline,
                ),
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=1000),
            optim_wrapper=dict(
                type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9)
            ),
            param_scheduler=[dict(type='PolyLR', power=0.9, begin=0, end=7, by_epoch=False)],
            default_hooks=dict(
                logger=dict(type='LoggerHook', interval=1),
                checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=4),
                random_state=dict(type='RandomStateHook'),
            ),
            log_processor=dict(by_epoch=False),
            env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
            randomness=dict(seed=11),
            experiment_name=f'{work_dir}_{max_iters}_{resume}',
            resume=resume,
        )
    )


def train(*args, **kwargs) -> dict:
    cfg = config(*args, **kwargs)
    runner = RUNNERS.build(cfg)
    runner.train()
    return load_checkpoint_safely(f'{cfg.work_dir}/iter_{cfg.train_cfg.max_iters}.pth')


def flatten(value, prefix=''):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from flatten(child, f'{prefix}.{key}')
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from flatten(child, f'{prefix}.{index}')
    else:
        yield prefix, value


def same(a: dict, b: dict) -> None:
    for part in ('state_dict', 'optimizer', 'param_schedulers', 'random_states'):
        left, right = dict(flatten(a[part])), dict(flatten(b[part]))
        assert left.keys() == right.keys()
        for key, value in left.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, right[key]), f'{part}{key}'
            else:
                assert value == right[key], f'{part}{key}'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('resume')
    make_camvid(root / 'camvid')
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


@pytest.mark.parametrize('before, after', [(0, 0), (2, 2), (2, 0)])
def test_resume_is_exact(data, before, after):
    name = f'part_{before}_{after}'
    whole = train(data, before, f'whole_{before}_{after}', 7)
    train(data, before, name, 4)
    resumed = train(data, after, name, 7, resume=True)
    same(whole, resumed)
    start = torch.load(data / 'clean.pth', weights_only=True)['state_dict']
    moved = resumed['state_dict']['segmentor.decode_head.conv_seg.weight']
    assert not torch.equal(moved, start['decode_head.conv_seg.weight'])


def test_another_seed_gives_another_run(data):
    cfg = config(data, 0, 'other_seed', 4)
    cfg.randomness = dict(seed=12)
    RUNNERS.build(cfg).train()
    other = load_checkpoint_safely(f'{cfg.work_dir}/iter_4.pth')
    first = train(data, 0, 'first_seed', 4)
    key = 'segmentor.decode_head.conv_seg.weight'
    assert not torch.equal(other['state_dict'][key], first['state_dict'][key])


def with_ema(cfg: Config) -> None:
    """DGN with averaged weights beside the trained ones."""
    cfg.custom_hooks = [dict(type='EMAHook', momentum=0.2)]


def with_d2sm_and_discriminator(cfg: Config) -> None:
    """A restorer with D2SM's queues and a discriminator: two optimisers, in two stages."""
    adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
    sgd = cfg.optim_wrapper.to_dict()
    cfg.model = dict(
        type='AdversarialRestorationModel',
        restorer=dict(type='DnCNN', depth=3, width=4),
        losses=dict(
            l1=dict(type='RestorationL1Loss'),
            d2sm=dict(
                type='D2SMLoss', feature_extractor=dict(type=TinyFeatures), queue_size=30,
                patches=2, patch_size=16,
            ),
        ),
        discriminator=dict(type='PatchDiscriminator', width=4, layers=1),
    )  # fmt: skip
    both = ['restorer', 'discriminator']
    wrappers = dict(restorer=adam, discriminator=sgd)
    cfg.train_cfg = dict(
        type='StagedTrainLoop',
        stages=[
            dict(name='content', train=['restorer'], iters=2),
            dict(name='gan', train=both, iters=5, optim_wrapper=wrappers),
        ],
    )


def train_changed(change, last: int, *args, **kwargs) -> tuple[dict, object]:
    """Train a changed config up to ``last``; the checkpoint and the runner."""
    cfg = config(*args, max_iters=7, **kwargs)
    change(cfg)
    cfg.default_hooks.checkpoint.interval = 1
    runner = RUNNERS.build(cfg)
    if last < 7:
        runner.register_hook(StopAfter(last), priority='VERY_LOW')
        with pytest.raises(KeyboardInterrupt):
            runner.train()
    else:
        runner.train()
    return load_checkpoint_safely(f'{cfg.work_dir}/iter_{last}.pth'), runner


class StopAfter(Hook):
    """Interrupt a training after so many iterations and their checkpoint."""

    def __init__(self, iteration: int) -> None:
        self.iteration = iteration

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter + 1 == self.iteration:
            raise KeyboardInterrupt


def teacher_hash(runner) -> str:
    """SHA-256 of the frozen source network, which no checkpoint holds."""
    state = hashlib.sha256()
    for name, parameter in runner.model.source.named_parameters():
        state.update(name.encode() + parameter.detach().numpy().tobytes())
    return state.hexdigest()


def test_averaged_weights_and_the_teacher(data):
    whole, first = train_changed(with_ema, 7, data, 0, 'ema_whole')
    train_changed(with_ema, 4, data, 0, 'ema_part')
    resumed, second = train_changed(with_ema, 7, data, 0, 'ema_part', resume=True)
    same(whole, resumed)
    both = [dict(flatten(one['ema_state_dict'])) for one in (whole, resumed)]
    assert both[0].keys() == both[1].keys() and any('conv_seg' in key for key in both[0])
    for key, value in both[0].items():
        assert torch.equal(value, both[1][key]), key
    key = 'segmentor.decode_head.conv_seg.weight'  # the average lags behind
    assert not torch.equal(whole['state_dict'][key], whole['ema_state_dict'][f'module.{key}'])
    assert not any(name.startswith('source.') for name in resumed['state_dict'])
    assert teacher_hash(first) == teacher_hash(second)


@pytest.mark.parametrize('stop', [1, 2, 5])
def test_queues_and_two_optimisers(data, stop):
    """Inside the first stage, at its end, inside the second; the queue has not gone round then."""
    change = with_d2sm_and_discriminator
    whole, _ = train_changed(change, 7, data, 0, f'd2sm_whole_{stop}')
    train_changed(change, stop, data, 0, f'd2sm_part_{stop}')
    resumed, runner = train_changed(change, 7, data, 0, f'd2sm_part_{stop}', resume=True)
    same(whole, resumed)
    queues = {key: value for key, value in resumed['state_dict'].items() if 'queue' in key}
    assert queues and any(value.ndim == 2 and value.any() for value in queues.values())
    assert set(resumed['optimizer']) == {'restorer', 'discriminator'}
    assert len(runner.model.losses['d2sm'].queue) == 30
