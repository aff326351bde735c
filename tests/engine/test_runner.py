"""DegradeRunner: one degradation for a whole config, paths checked when needed, resuming."""

import copy
import runpy
import sys
from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, RUNNERS

from mmdegrade.datasets.transforms import Degrade
from mmdegrade.engine.checks import check_paths
from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.engine.runner import DegradeRunner, settle_resume
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean

ROOT = Path(__file__).resolve().parents[2]
STOCK = Path(mmseg.__file__).parent / '.mim' / 'tools'


def loader(*transforms, wrap=False) -> dict:
    dataset = dict(type='CamVidDataset', data_root='data/camvid', pipeline=list(transforms))
    if wrap:
        dataset = dict(type='RepeatDataset', times=2, dataset=dataset)
        dataset = dict(type='ConcatDataset', datasets=[dataset])
    return dict(batch_size=1, dataset=dataset)


def three(degradation, **kwargs) -> Config:
    return Config(
        dict(
            degradation=degradation,
            train_dataloader=loader(dict(type='Degrade'), **kwargs),
            val_dataloader=loader(dict(type='Degrade'), **kwargs),
            test_dataloader=loader(dict(type='Degrade'), **kwargs),
        )
    )


def degrades(cfg) -> list[dict]:
    """The first transform of train, val and test, without its type."""
    found = []
    for name in ('train', 'val', 'test'):
        dataset = cfg[f'{name}_dataloader'].dataset
        while 'pipeline' not in dataset:
            dataset = dataset.datasets[0] if 'datasets' in dataset else dataset.dataset
        found.append({k: v for k, v in dataset.pipeline[0].items() if k != 'type'})
    return found


@pytest.mark.parametrize('wrap', [False, True])
def test_one_setting_fills_all_three_also_inside_wrappers(wrap):
    cfg = three(dict(kind='awgn', sigma=25), wrap=wrap)
    assert degrades(fill_degradation(cfg)) == [dict(kind='awgn', sigma=25)] * 3
    assert degrades(cfg) == [{}] * 3  # the given config is not changed


def test_override_on_the_command_line_switches_all_three():
    cfg = three(dict(kind='gblur', degree=5, train=dict(prob=0.5)))
    cfg.merge_from_dict({'degradation.kind': 'haze', 'degradation.degree': 3})
    haze = dict(kind='haze', degree=3)
    assert degrades(fill_degradation(cfg)) == [dict(haze, prob=0.5), haze, haze]


def test_train_extras_stay_in_training():
    shared = [dict(type='Degrade')]
    cfg = three(dict(kind='gblur', degree=5, train=dict(prob=0.5, keep_clean=True)))
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].dataset.pipeline = shared
    blur = dict(kind='gblur', degree=5)
    train, val, test = degrades(fill_degradation(cfg))
    assert train == dict(blur, prob=0.5, keep_clean=True) and val == test == blur


def test_explicit_kinds_and_nested_transforms():
    cfg = three(dict(kind='gblur', degree=5))
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='Degrade', kind='awgn', sigma=10),
        dict(type='RandomApply', transforms=[dict(type='Degrade', keep_clean=True)]),
        dict(type='mmseg.Degrade'),
        dict(type=Degrade),
        dict(type='PackDegradeInputs'),
    ]
    explicit, nested, scoped, direct, pack = fill_degradation(cfg).train_dataloader.dataset.pipeline
    assert explicit == dict(type='Degrade', kind='awgn', sigma=10)
    assert nested['transforms'] == [dict(type='Degrade', keep_clean=True, kind='gblur', degree=5)]
    assert scoped == dict(type='mmseg.Degrade', kind='gblur', degree=5)
    assert direct == dict(type=Degrade, kind='gblur', degree=5)
    assert pack == dict(type='PackDegradeInputs')


def test_clean_and_nothing():
    cfg = three(dict(kind='clean', degree=5, train=dict(keep_clean=True)))
    clean = dict(kind='clean')
    assert degrades(fill_degradation(cfg)) == [dict(clean, keep_clean=True), clean, clean]
    with pytest.raises(ValueError, match='train_dataloader: a Degrade has no kind'):
        fill_degradation(three(None))


@pytest.mark.parametrize(
    'degradation, message',
    [
        (dict(kind='gblurr', degree=1), r"degradation=\{'kind': 'gblurr'.*Did you mean 'gblur'"),
        (dict(kind='gblur', degree=9), r'degradation=.*degree must be 1-5'),
        (dict(kind='gblur', degree='5'), r'degradation=.*degree must be an integer'),
        (dict(degree=1), r'degradation=.*kind is not set; allowed: clean, gblur'),
        # awgn with sigma=25, overridden by kind=gblur degree=5: would blur with 25 pixels
        (dict(kind='gblur', degree=5, sigma=25), r'degree=5 means sigma=5.* sigma=25 is given'),
    ],
)
def test_wrong_degradation_names_the_key(degradation, message):
    with pytest.raises(ValueError, match=message):
        fill_degradation(three(degradation))


def with_root(kind: str, root: str) -> Config:
    dataset = dict(type=kind, data_root=root, pipeline=[])
    return Config(dict(train_dataloader=dict(dataset=dict(type='RepeatDataset', dataset=dataset))))


@pytest.mark.parametrize(
    'kind, remedy',
    [('PascalVOCDataset', 'VOCtrainval'), ('CamVidDataset', 'git clone'), ('ADE20KDataset', 'get')],
)
def test_missing_data_folder(kind, remedy, tmp_path):
    root = str(tmp_path / 'absent')
    with pytest.raises(FileNotFoundError, match=remedy) as caught:
        check_paths(with_root(kind, root), 'train_dataloader')
    message = str(caught.value)
    assert repr(root) in message and 'train_dataloader.dataset.data_root' in message
    assert f'ln -s PATH {root}' in message
    (tmp_path / 'absent').mkdir()
    check_paths(with_root(kind, root), 'train_dataloader')


def test_remote_empty_and_generated_data_is_not_looked_for():
    for kind, root in [
        ('CamVidDataset', 's3://bucket/camvid'), ('CamVidDataset', ''),
        ('StreetScenesDataset', '/absent'),
    ]:  # fmt: skip
        check_paths(with_root(kind, root), 'train_dataloader')


def test_missing_checkpoints(tmp_path):
    path = 'work_dirs/cgnet_camvid_clean/iter_1500.pth'
    command = 'python tools/train.py configs/*/cgnet_camvid_clean.py'
    hook = dict(type='GramGapHook', clean_checkpoint=path)
    for cfg, key in [
        (dict(model=dict(clean_checkpoint=path)), 'model.clean_checkpoint'),
        (dict(model=dict(), load_from=path), 'load_from'),
        (
            dict(model=dict(), custom_hooks=[dict(type='X'), hook]),
            'custom_hooks.1.clean_checkpoint',
        ),
        (dict(model=dict(restorer_checkpoint=path)), 'model.restorer_checkpoint'),
        (
            dict(model=dict(losses=dict(ce=dict(segmentor=dict(), checkpoint=path)))),
            'model.losses.ce.checkpoint',
        ),
    ]:
        cfg = Config(dict(cfg, work_dir=str(tmp_path)))
        with pytest.raises(FileNotFoundError) as caught:
            check_paths(cfg, 'train_dataloader')
        for part in (f'{key}={path!r}', command, f'--cfg-options {key}=PATH'):
            assert part in str(caught.value)
        check_paths(cfg, 'test_dataloader')  # none of these matters for testing
    check_paths(Config(dict(load_from='https://x/y.pth')), 'train_dataloader')
    # Those of MMEngine's own initialisation have ways of their own to be found.
    backbone = dict(init_cfg=dict(type='Pretrained', checkpoint='resnet.pth'))
    check_paths(Config(dict(model=dict(backbone=backbone))), 'train_dataloader')


def test_settle_resume(tmp_path):
    work_dir, other = tmp_path / 'run', tmp_path / 'other'
    work_dir.mkdir(), other.mkdir()
    weights, training = str(other / 'weights.pth'), str(other / 'training.pth')
    torch.save(dict(state_dict={}), weights)
    torch.save(dict(state_dict={}, optimizer={}), training)

    def settled(resume, load_from):
        cfg = Config(dict(work_dir=str(work_dir), resume=resume, load_from=load_from))
        settle_resume(cfg)
        return cfg.resume, cfg.load_from

    # Nothing to settle.
    for given in [(False, weights), (False, None), (True, None)]:
        assert settled(*given) == given
    # A certain checkpoint of this very run.
    inside = str(work_dir / 'iter_4.pth')
    assert settled(True, inside) == (True, inside)
    # No checkpoint of this run yet: a start, also where it is the end of the clean training.
    assert settled(True, weights) == (False, weights)
    assert settled(True, training) == (False, training)
    with pytest.raises(FileNotFoundError, match="load_from='absent.pth'.*tools/train.py"):
        settled(True, 'absent.pth')
    # The run has begun: its latest checkpoint, whatever it started from, there or not.
    torch.save(dict(state_dict={}), inside)
    (work_dir / 'last_checkpoint').write_text(inside)
    for load_from in (weights, training, 'absent.pth'):
        assert settled(True, load_from) == (True, None)
    assert settled(True, inside) == (True, inside)
    assert settled(False, weights) == (False, weights)


class Recorder(Hook):
    """Keep what the samples say was done to them."""

    seen: dict = {}

    def _record(self, mode, data_batch):
        for sample in data_batch['data_samples']:
            self.seen.setdefault(mode, []).extend(sample.metainfo['degradations'])

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._record('train', data_batch)

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._record('val', data_batch)

    def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self._record('test', data_batch)


@pytest.fixture
def recorder():
    Recorder.seen = {}
    HOOKS.register_module(module=Recorder)
    return Recorder


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('runner')
    make_camvid(root / 'camvid', images=2, size=(32, 40))
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


def full(data, work_dir, **extra) -> Config:
    def camvid(split, *pipeline, sampler):
        return dict(
            batch_size=2 if split == 'train' else 1,
            num_workers=0,
            sampler=sampler,
            dataset=dict(
                type='CamVidDataset',
                data_root=str(data / 'camvid'),
                ann_file=f'{split}.txt',
                pipeline=list(pipeline),
            ),
        )

    image, mask = dict(type='LoadImage'), dict(type='LoadMask')
    degrade, pack = dict(type='Degrade'), dict(type='PackDegradeInputs')
    in_order = dict(type='DefaultSampler', shuffle=False)
    metric = dict(type='IoUMetric', iou_metrics=['mIoU'])
    return Config(
        dict(
            dict(
                default_scope='mmseg',
                custom_imports=dict(imports=['mmdegrade']),
                runner_type='DegradeRunner',
                degradation=dict(kind='gblur', degree=5),
                work_dir=str(work_dir),
                model=dense_gram(fcn_r18(), str(data / 'clean.pth')),
                train_dataloader=camvid(
                    'train', image, mask, degrade, pack, sampler=dict(type='KeyedSampler')
                ),
                val_dataloader=camvid('val', image, degrade, mask, pack, sampler=in_order),
                test_dataloader=camvid('test', image, degrade, mask, pack, sampler=in_order),
                val_evaluator=metric,
                test_evaluator=metric,
                train_cfg=dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2),
                val_cfg=dict(type='ValLoop'),
                test_cfg=dict(type='TestLoop'),
                optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
                default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False)),
                custom_hooks=[dict(type='Recorder')],
                log_processor=dict(by_epoch=False),
                env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
                randomness=dict(seed=0),
            ),
            **extra,
        )
    )


@pytest.mark.parametrize('tool', [STOCK / 'train.py', ROOT / 'tools' / 'train.py'])
def test_override_reaches_the_samples(data, tmp_path, recorder, monkeypatch, tool):
    if not tool.is_file():
        pytest.skip(f'{tool} is not installed')
    full(data, tmp_path / 'run').dump(str(tmp_path / 'config.py'))
    options = ['degradation.kind=saltpepper', 'degradation.degree=2']
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(
        sys, 'argv', [str(tool), str(tmp_path / 'config.py'), '--cfg-options', *options]
    )
    runpy.run_path(str(tool), run_name='__main__')
    train, val = recorder.seen['train'], recorder.seen['val']
    assert len(train) == 4 and len(val) == 2
    for record in train + val:
        assert (record['kind'], record['degree']) == ('saltpepper', 2)
        assert record['params'] == dict(amount=0.04)
    assert sorted(record['draw'] for record in train) == [0, 1, 2, 3]
    assert [record['draw'] for record in val] == [None, None]
    assert (tmp_path / 'run' / 'iter_2.pth').is_file()


def test_testing_needs_only_what_it_tests(data, tmp_path, recorder):
    """No training data, no clean checkpoint; `resume=True` does not replace the checkpoint."""
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'absent.pth'))
    checkpoint = tmp_path / 'tested.pth'
    state = torch.load(data / 'clean.pth')['state_dict']
    state = {f'segmentor.{key}': value + 1 for key, value in state.items()}
    torch.save(dict(state_dict=state, meta={}), checkpoint)
    cfg = full(data, tmp_path, resume=True, load_from=str(checkpoint))
    cfg.model.clean_checkpoint = 'absent.pth'
    cfg.train_dataloader.dataset.data_root = '/absent'
    runner = RUNNERS.build(cfg)
    runner.test()
    assert [record['kind'] for record in recorder.seen['test']] == ['gblur'] * 2
    loaded = runner.model.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    cfg.test_dataloader.dataset.data_root = '/absent'
    with pytest.raises(FileNotFoundError, match="test_dataloader.dataset.data_root='/absent'"):
        RUNNERS.build(cfg).test()


def test_resume_with_a_start_named_in_load_from(data, tmp_path, recorder):
    """The first run starts from the weights, the second goes on where the first stopped."""
    draws = []
    for iters in (2, 3):
        recorder.seen = {}
        cfg = full(data, tmp_path, resume=True, load_from=str(data / 'clean.pth'))
        cfg.model = fcn_r18()
        cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iters, val_interval=10)
        cfg.default_hooks.checkpoint.interval = 2
        runner = RUNNERS.build(cfg)
        runner.train()
        assert runner.iter == iters
        draws.append(len(recorder.seen['train']))
    assert draws == [4, 2]  # two images an iteration: two iterations, then the third one alone


@pytest.mark.parametrize('workers', [0, 1])
def test_one_override_switches_workers_off(data, workers):
    given = dict(
        num_workers=workers,
        persistent_workers=True,
        prefetch_factor=3,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='CamVidDataset', data_root=str(data / 'camvid'), ann_file='train.txt', pipeline=[]
        ),
    )
    before = copy.deepcopy(given)
    built = DegradeRunner.build_dataloader(given, seed=0)
    assert given == before
    assert built.num_workers == workers and built.batch_size == 2
    assert built.persistent_workers == bool(workers)
    assert built.prefetch_factor == (3 if workers else None)


def test_training_is_checked_before_data_is_loaded(data, tmp_path, recorder):
    for key, value, error, message in [
        ('train_dataloader.dataset.data_root', '/absent', FileNotFoundError, 'git clone'),
        ('val_dataloader.dataset.data_root', '/absent', FileNotFoundError, 'val_dataloader'),
        ('model.clean_checkpoint', 'absent.pth', FileNotFoundError, 'model.clean_checkpoint'),
        ('load_from', 'absent.pth', FileNotFoundError, 'load_from'),
    ]:
        cfg = full(data, tmp_path)
        cfg.merge_from_dict({key: value})
        with pytest.raises(error, match=message):
            RUNNERS.build(cfg).train()
    with pytest.raises(ValueError, match='a Degrade has no kind'):
        RUNNERS.build(full(data, tmp_path, degradation=None)).train()
    assert recorder.seen == {}
