"""The library call with a model that is built already, as a notebook has it."""

import pytest
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from mmseg.apis import init_model
from mmseg.registry import DATASETS, MODELS

from mmdegrade.apis import severity_grid
from tests.apis.severity_grid.tiny_grid import OURS
from tests.tiny import fcn_r18

CHOICE = dict(kinds=['saltpepper'], degrees=[2], workers=0)


@pytest.fixture
def expected(tiny):
    return severity_grid((tiny / 'ours.py', tiny / 'a.pth'), **CHOICE)


def test_model_of_mmseg(tiny, expected, tmp_path):
    """``init_model`` keeps the config, and with it the dataset; the cache works."""
    model = init_model(str(tiny / 'ours.py'), str(tiny / 'a.pth'), device='cpu')
    grid = severity_grid(model, out=tmp_path, **CHOICE)
    assert grid.cells == expected.cells
    steps = []
    severity_grid(model, out=tmp_path, progress=lambda *one: steps.append(one), **CHOICE)
    assert steps == []


def test_network_and_dataset(tiny, expected):
    model = MODELS.build(Config(fcn_r18()))
    load_checkpoint(model, str(tiny / 'a.pth'))
    root = str(tiny / 'camvid')
    cfg = dict(type='CamVidDataset', data_root=root, ann_file='test.txt', pipeline=OURS)
    assert severity_grid(model, cfg, **CHOICE).cells == expected.cells
    dataset = DATASETS.build(cfg)
    assert severity_grid({'model': model}, dataset, **CHOICE).cells == expected.cells
    assert severity_grid(model, dataset, images=3, **CHOICE).dataset['images'] == 3
    assert len(dataset) == 4


def test_counts_of_a_built_dataset_are_not_taken_up(tiny, tmp_path):
    """Nothing tells what its transforms were given."""
    model = MODELS.build(Config(fcn_r18()))
    root = str(tiny / 'camvid')
    cfg = dict(type='CamVidDataset', data_root=root, ann_file='test.txt', pipeline=OURS)
    steps = []
    for count in (8, 16):
        severity_grid(
            model, DATASETS.build(cfg), out=tmp_path, progress=lambda *s: steps.append(s), **CHOICE
        )
        assert len(steps) == count and steps[-1] == (8, 8)


def test_a_network_comes_back_as_it_was_but_for_its_mode(tiny):
    model = init_model(str(tiny / 'ours.py'), str(tiny / 'a.pth'), device='cpu')
    model.dataset_meta = dict(classes=('guessed', 'names'))
    severity_grid(model.train(), **CHOICE)
    assert not model.training and 'postprocess_result' not in vars(model)


def test_classes_of_a_built_model(tiny):
    model = init_model(str(tiny / 'ours.py'), str(tiny / 'a.pth'), device='cpu')
    model.decode_head.num_classes = 5
    with pytest.raises(ValueError, match='model predicts 5 classes, the dataset has 11'):
        severity_grid(model, **CHOICE)
