"""``corrupt_data`` reaches the sampler; corrupt files neither break resuming nor evaluation."""

import pytest
from mmengine.config import Config
from mmengine.registry import RUNNERS

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.datasets import TooManyCorruptFilesError
from mmdegrade.datasets.transforms import CorruptFileError
from mmdegrade.engine.corrupt_data import fill_corrupt_data
from tests.engine.test_resume import config, same
from tests.tiny import fcn_r18, make_camvid, save_clean


def three(**kwargs) -> Config:
    keyed = dict(sampler=dict(type='KeyedSampler'), dataset={})
    stages = [dict(name='a'), dict(name='b', dataloader=dict(sampler=dict(type='KeyedSampler')))]
    return Config(dict(dict(train_dataloader=keyed, train_cfg=dict(stages=stages)), **kwargs))


def test_every_keyed_sampler_is_told():
    cfg = three(corrupt_data=dict(max_files=3))
    filled = fill_corrupt_data(cfg)
    assert filled.train_dataloader.sampler.max_corrupt == 3
    assert filled.train_cfg.stages[1].dataloader.sampler.max_corrupt == 3
    assert 'max_corrupt' not in cfg.train_dataloader.sampler  # the config given stays as it is
    assert fill_corrupt_data(filled).to_dict() == filled.to_dict()
    assert fill_corrupt_data(three()).to_dict() == three().to_dict()
    assert fill_corrupt_data(Config(dict(corrupt_data=dict(max_files=3)))).corrupt_data.max_files


@pytest.mark.parametrize(
    'chosen, message',
    [
        (dict(max_file=3), "allowed: .*did you mean 'max_files'"),
        (dict(max_files=3, names=[]), r'allowed: dict\(max_files=10\)'),
        (dict(), r'allowed: dict\(max_files=10\)'),
        (5, r'corrupt_data=5; allowed: dict\(max_files=10\)'),
        (dict(max_files=-1), 'corrupt_data.max_files=-1; allowed: 0'),
        (dict(max_files=True), 'corrupt_data.max_files=True'),
    ],
)
def test_wrong_settings(chosen, message):
    with pytest.raises(ValueError, match=message):
        fill_corrupt_data(three(corrupt_data=chosen))


def test_another_sampler_replaces_nothing():
    other = dict(sampler=dict(type='InfiniteSampler'), dataset={})
    cfg = Config(dict(train_dataloader=other, corrupt_data=dict(max_files=3)))
    with pytest.raises(ValueError, match="KeyedSampler.*it is 'InfiniteSampler'"):
        fill_corrupt_data(cfg)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('corrupt')
    make_camvid(root / 'camvid')
    save_clean(fcn_r18(), root / 'clean.pth')
    image = root / 'camvid' / 'train' / 'train_001.png'
    image.write_bytes(image.read_bytes()[:-40])
    (root / 'camvid' / 'trainannot' / 'train_004.png').write_bytes(b'')
    return root


def run(data, workers, work_dir, max_iters, resume=False, max_files=2):
    cfg = config(data, workers, work_dir, max_iters, resume)
    cfg.corrupt_data = dict(max_files=max_files)
    RUNNERS.build(cfg).train()
    return load_checkpoint_safely(f'{cfg.work_dir}/iter_{max_iters}.pth')


def test_resume_with_corrupt_files_is_exact(data):
    whole = run(data, 0, 'whole', 7)
    run(data, 2, 'part', 4)
    same(whole, run(data, 0, 'part', 7, resume=True))


def test_one_too_many_stops_the_training(data):
    with pytest.raises(TooManyCorruptFilesError, match='train_001.png is truncated'):
        run(data, 0, 'stopped', 7, max_files=0)


@pytest.mark.parametrize('loading', ['ours', 'stock'])
def test_validation_raises(data, loading):
    cfg = config(data, 0, f'val_{loading}', 4)
    names = ('LoadImage', 'LoadMask') if loading == 'ours' else (
        'LoadImageFromFile', 'LoadAnnotations'
    )  # fmt: skip
    pipeline = [dict(type=name) for name in names] + [dict(type='PackDegradeInputs')]
    cfg.val_dataloader = dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='CamVidDataset',
            data_root=str(data / 'camvid'),
            ann_file='train.txt',
            pipeline=pipeline,
            test_mode=True,
        ),
    )
    cfg.val_cfg = dict(type='ValLoop')
    cfg.val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
    with pytest.raises(CorruptFileError, match=r'train_001\.png is truncated'):
        RUNNERS.build(cfg).val()
