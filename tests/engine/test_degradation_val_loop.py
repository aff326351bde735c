"""Validation under several degradations during a training: the numbers of a test of the weights."""

import json

import pytest
from mmengine.config import Config
from mmengine.registry import RUNNERS

from mmdegrade.datasets.degradation_cells import cell_name
from tests.tiny import fcn_r18, make_camvid

CELLS = [dict(kind='clean'), dict(kind='gblur', degree=5), dict(kind='awgn', sigma=25)]
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return make_camvid(tmp_path_factory.mktemp('val') / 'camvid', images=3, size=(32, 40))


def config(data, work_dir, **kwargs) -> Config:
    def loader(split, **more):
        dataset = dict(
            type='CamVidDataset', data_root=str(data), ann_file=f'{split}.txt', pipeline=PIPELINE
        )
        return dict(batch_size=1, num_workers=0, dataset=dataset, **more)

    plain = dict(type='DefaultSampler', shuffle=False)
    cfg = dict(
        default_scope='mmseg',
        runner_type='DegradeRunner',
        work_dir=str(work_dir),
        degradation=dict(kind='gblur', degree=5),
        model=fcn_r18(),
        train_dataloader=loader('train', sampler=dict(type='KeyedSampler')),
        val_dataloader=loader('val', sampler=plain),
        test_dataloader=loader('val', sampler=plain),
        val_evaluator=dict(type='IoUMetric', iou_metrics=['mIoU']),
        test_evaluator=dict(type='IoUMetric', iou_metrics=['mIoU']),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=4, val_interval=2),
        val_cfg=dict(type='DegradationValLoop', cells=CELLS),
        test_cfg=dict(type='DegradationTestLoop', cells=CELLS),
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=1, log_metric_by_epoch=False),
            checkpoint=dict(
                type='CheckpointHook', by_epoch=False, interval=2, save_best='gblur_5/mIoU'
            ),
        ),
        log_processor=dict(by_epoch=False),
        randomness=dict(seed=0),
        experiment_name=f'val_{work_dir.name}_{len(kwargs)}',
    )
    cfg.update(kwargs)
    return Config(cfg)


def test_during_training(data, tmp_path):
    RUNNERS.build(config(data, tmp_path / 'train')).train()
    (log,) = (tmp_path / 'train').glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    validations = [line for line in lines if 'clean/mIoU' in line]
    assert [line['step'] for line in validations] == [2, 4]
    names = {f'{cell_name(cell)}/{key}' for cell in CELLS for key in ('mIoU', 'mAcc', 'aAcc')}
    assert names <= set(validations[-1]) and 'mIoU' not in validations[-1]
    best = max(validations, key=lambda line: line['gblur_5/mIoU'])
    assert list((tmp_path / 'train').glob(f'best_gblur_5_mIoU_iter_{best["step"]}.pth'))
    # The weights of an iteration, tested later: the same numbers, and those of validation alone.
    for line in validations:
        weights = str(tmp_path / 'train' / f'iter_{line["step"]}.pth')
        cfg = config(data, tmp_path / f'test{line["step"]}', load_from=weights, default_hooks={})
        runner = RUNNERS.build(cfg)
        tested = runner.test()
        assert {key: tested[key] for key in names} == {key: line[key] for key in names}
        assert runner.val() == tested


def test_default_cells_are_the_configs_own_and_clean(data, tmp_path):
    cfg = config(data, tmp_path / 'val', val_cfg=dict(type='DegradationValLoop'), default_hooks={})
    metrics = RUNNERS.build(cfg).val()
    assert {key.partition('/')[0] for key in metrics} == {'gblur_5', 'clean'}


def test_errors_name_the_key_of_validation(data, tmp_path):
    stock = dict(type='DegradationValLoop')
    cfg = config(data, tmp_path / 'val', val_cfg=stock)
    cfg.degradation = None
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].dataset.pipeline[1].kind = 'clean'
    with pytest.raises(ValueError, match=r'DegradationValLoop: val_cfg.cells is not set'):
        RUNNERS.build(cfg).val()
