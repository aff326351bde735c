"""Several degradations in one test run: the numbers of separate runs, each image decoded once."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmseg.registry import DATASETS

from mmdegrade.datasets.degradation_cells import DegradationCells, cell_name
from mmdegrade.datasets.transforms import LoadImage
from tests.tiny import fcn_r18, make_camvid, save_clean

CELLS = [
    dict(kind='clean'),
    dict(kind='gblur', degree=5),
    dict(kind='awgn', sigma=25),
    dict(kind='gaussian_noise', degree=2, preset='imagenet-c'),
]
LOOP = dict(type='DegradationTestLoop')
STOCK = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='PackSegInputs')]
OURS = [
    dict(type='LoadImage'),
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('cells')
    make_camvid(root / 'camvid', images=3, size=(32, 40))
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


def run_test(data, pipeline=OURS, workers=0, **kwargs) -> dict:
    cfg = dict(
        default_scope='mmseg',
        runner_type='DegradeRunner',
        work_dir=str(data / 'work'),
        degradation=dict(kind='gblur', degree=5),
        model=fcn_r18(),
        load_from=str(data / 'clean.pth'),
        test_dataloader=dict(
            batch_size=1,
            num_workers=workers,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(
                type='CamVidDataset',
                data_root=str(data / 'camvid'),
                ann_file='test.txt',
                pipeline=pipeline,
            ),
        ),
        test_evaluator=dict(type='IoUMetric', iou_metrics=['mIoU']),
        test_cfg=dict(type='DegradationTestLoop', cells=CELLS),
        default_hooks=dict(logger=dict(type='LoggerHook')),
        env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
        experiment_name=f'cells{len(kwargs)}{workers}{len(pipeline)}',
    )
    cfg.update(kwargs)
    return RUNNERS.build(Config(cfg)).test()


@pytest.mark.parametrize('workers', [0, 2])
def test_the_numbers_are_those_of_separate_runs(data, workers):
    together = run_test(data, workers=workers)
    assert len(together) == 3 * len(CELLS)
    for cell in CELLS:
        alone = run_test(data, degradation=cell, test_cfg=dict(type='TestLoop'))
        assert alone == {key: together[f'{cell_name(cell)}/{key}'] for key in alone}
    assert together['clean/aAcc'] != together['gblur_5/aAcc']


def test_a_stock_pipeline_is_degraded_after_loading(data):
    assert run_test(data, pipeline=STOCK) == run_test(data)


def test_by_default_the_configs_own_degradation_and_clean(data):
    metrics = run_test(data, test_cfg=LOOP)
    assert {key.partition('/')[0] for key in metrics} == {'gblur_5', 'clean'}


def test_each_image_is_decoded_once(data, monkeypatch):
    decoded = []
    transform = LoadImage.transform
    monkeypatch.setattr(
        LoadImage, 'transform', lambda self, r: decoded.append(r['img_path']) or transform(self, r)
    )
    run_test(data)
    assert len(decoded) == len(set(decoded)) == 3


def test_pictures_of_cells_do_not_overwrite_each_other(data, tmp_path):
    run_test(
        data,
        work_dir=str(tmp_path),
        default_hooks=dict(visualization=dict(type='DegradedVisualizationHook', draw=True)),
        vis_backends=[dict(type='LocalVisBackend')],
        visualizer=dict(
            type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')], name='cells'
        ),
    )
    names = {path.name for path in tmp_path.rglob('*.png')}
    assert len(names) == 3 * len(CELLS) and any('gblur_5' in name for name in names)


@pytest.mark.parametrize(
    ('cell', 'name'),
    [
        (dict(kind='clean'), 'clean'),
        (dict(kind='gblur', degree=5), 'gblur_5'),
        (dict(kind='awgn', sigma=25), 'awgn_sigma25'),
        (dict(kind='fog', degree=3, preset='imagenet-c'), 'imagenet-c:fog_3'),
    ],
)
def test_names(cell, name):
    assert cell_name(cell) == name


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(test_cfg=LOOP, degradation=None, pipeline=STOCK), 'cells is not set'),
        (
            dict(test_cfg=dict(LOOP, cells=[CELLS[1]] * 2)),
            'cells must differ',
        ),
        (
            dict(test_cfg=dict(type='DegradationTestLoop', cells=[dict(kind='gblurr', degree=1)])),
            "Did you mean 'gblur'",
        ),
        (dict(pipeline=[OURS[0], OURS[1], *OURS[1:]]), 'several Degrade'),
        (dict(pipeline=[dict(type='LoadMask')]), 'loads no image'),
    ],
)
def test_errors(data, kwargs, words):
    with pytest.raises(ValueError, match=words):
        run_test(data, **kwargs)


def test_the_image_of_a_cell_is_its_own(data):
    dataset = DATASETS.build(
        dict(
            type='CamVidDataset',
            data_root=str(data / 'camvid'),
            ann_file='test.txt',
            pipeline=OURS,
            test_mode=True,
        )
    )
    cells = DegradationCells(dataset, CELLS[:2])
    clean, blurred = (item['inputs'].numpy() for item in cells[0])
    assert not np.shares_memory(clean, blurred) and not np.array_equal(clean, blurred)
