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
    for _ in range(2):
        steps = []
        severity_grid(
            model, DATASETS.build(cfg), out=tmp_path, progress=lambda *s: steps.append(s), **CHOICE
        )
        assert steps[-1] == (8, 8)


def test_the_mode_of_training_is_left(tiny):
    """A network comes back in evaluation mode and predicts as before; its classes are checked."""
    model = init_model(str(tiny / 'ours.py'), str(tiny / 'a.pth'), device='cpu')
    model.dataset_meta = dict(classes=('a', 'b'))
    with pytest.raises(ValueError, match='trained on 2 classes, the dataset has 11'):
        severity_grid(model, **CHOICE)
    model.dataset_meta = None
    severity_grid(model.train(), **CHOICE)
    assert not model.training and 'postprocess_result' not in vars(model)
