"""The point of the grid: the numbers of one run of tools/test.py for each cell, every one of them.

Our config, stock pipelines, batches, and a config file that MMSegmentation ships.
"""

from pathlib import Path

import mmseg
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmdegrade.apis import severity_grid
from mmdegrade.datasets.degradation_cells import cell_name
from tests.apis.severity_grid.tiny_grid import (
    OURS,
    STOCK,
    metrics_of_one_run,
    write_config,
    write_data,
    write_weights,
)
from tests.tiny import fcn_r18
from tests.tiny_datasets import make_cityscapes

CELLS = [
    dict(kind='clean'),
    dict(kind='gblur', degree=5),
    dict(kind='saltpepper', degree=3),
    dict(kind='awgn', sigma=25),
    dict(kind='awgn', degree=4, preset='sdabn'),  # float images, not clipped
    dict(kind='impulse_noise', degree=2, preset='imagenet-c'),
]
SHIPPED = Path(mmseg.__path__[0]) / '.mim' / 'configs' / 'fastscnn'
SHIPPED = SHIPPED / 'fast_scnn_8xb4-160k_cityscapes-512x1024.py'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('same')
    write_data(root)
    write_weights(fcn_r18(), root / 'a.pth')
    return root


def check(config, checkpoint, cells, tmp_path, **kwargs):
    grid = severity_grid({'one': (config, checkpoint)}, cells=cells, **kwargs)
    assert [cell.cell for cell in grid.cells] == [cell_name(cell) for cell in cells]
    for number, (cell, found) in enumerate(zip(cells, grid.cells, strict=True)):
        alone = metrics_of_one_run(config, checkpoint, cell, tmp_path / str(number))
        rounded = {
            key: float(np.round(np.float32(getattr(found, key)), 2))
            for key in ('aAcc', 'mIoU', 'mAcc')
        }
        assert rounded == pytest.approx({key: alone[key] for key in rounded}, abs=0, rel=1e-7), (
            found.cell
        )
    scores = [cell.mIoU for cell in grid.cells]
    assert len(set(scores)) == len(scores)  # the cells are not all one and the same
    return grid


@pytest.mark.parametrize('workers', [0, 2])
def test_our_config(root, tmp_path, workers):
    check(write_config(root), root / 'a.pth', CELLS, tmp_path, workers=workers)


def test_stock_pipeline(root, tmp_path):
    config = write_config(root, 'stock', STOCK)
    check(config, root / 'a.pth', CELLS, tmp_path, workers=1)


def test_batches_of_a_config_are_kept(root, tmp_path):
    """Five images in batches of two: the preprocessor and the network see what test.py shows."""
    config = write_config(root, 'batches', OURS, batch_size=2)
    check(config, root / 'a.pth', CELLS[:3], tmp_path, workers=1)


def test_seed_of_the_config(root, tmp_path):
    pipeline = [OURS[0], dict(type='Degrade', seed=7), *OURS[2:]]
    config = write_config(root, 'seed', pipeline)
    grid = check(config, root / 'a.pth', CELLS[:3], tmp_path, workers=0)
    assert [cell.seed for cell in grid.cells] == [7] * 3
    other = severity_grid((config, root / 'a.pth'), cells=CELLS[:3], seed=8, workers=0)
    assert [cell.seed for cell in other.cells] == [8] * 3
    assert other.cells[1].mIoU == grid.cells[1].mIoU  # blur draws nothing
    assert other.cells[2].mIoU != grid.cells[2].mIoU


def test_evaluator_of_the_config(root, tmp_path):
    """ignore_index 3 leaves a class out of the truth, nan_to_num 0 counts absent classes."""
    evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'], ignore_index=3, nan_to_num=0)
    config = write_config(root, 'evaluator', test_evaluator=evaluator)
    grid = check(config, root / 'a.pth', CELLS[:2], tmp_path, workers=0)
    assert grid.cells[0].Acc['Road'] == 0  # 0 / 0


@pytest.mark.skipif(not SHIPPED.is_file(), reason='the installed mmseg ships no configs')
def test_a_config_that_mmseg_ships(tmp_path):
    """Untouched but for where the data lies and the size it is tested at; no word of mmdegrade."""
    make_cityscapes(tmp_path / 'cityscapes', images=2, size=(32, 64))
    (tmp_path / 'stock').mkdir()
    text = (
        f'_base_ = [{str(SHIPPED)!r}]\n'
        f'test_dataloader = dict(num_workers=0, persistent_workers=False, '
        f'dataset=dict(data_root={str(tmp_path / "cityscapes")!r}, pipeline='
        "[dict(type='LoadImageFromFile'), dict(type='Resize', scale=(128, 64), keep_ratio=True), "
        "dict(type='LoadAnnotations'), dict(type='PackSegInputs')]))\n"
    )
    config = tmp_path / 'stock' / 'fast_scnn.py'
    config.write_text(text)
    model = Config.fromfile(config).model
    write_weights(model, tmp_path / 'weights.pth')
    check(config, tmp_path / 'weights.pth', CELLS[:3], tmp_path / 'stock', workers=1)


def test_several_models_are_their_single_runs(root, tmp_path):
    """Our pipeline, a stock one and a second checkpoint; two of them share the prepared images."""
    write_weights(fcn_r18(), root / 'b.pth', seed=1)
    ours, stock = write_config(root), write_config(root, 'stock', STOCK)
    models = {
        'a': (ours, root / 'a.pth'),
        'b': (ours, root / 'b.pth'),
        's': (stock, root / 'a.pth'),
    }
    together = severity_grid(models, cells=CELLS, workers=2)
    for name, model in models.items():
        alone = severity_grid({name: model}, cells=CELLS, workers=0)
        assert alone.of(name) == together.of(name)


def test_cells_at_once_changes_nothing_on_this_machine(root):
    """Nothing forbids other sums for other batches; where they are the same, so are the numbers."""
    config = write_config(root)
    one = severity_grid((config, root / 'a.pth'), cells=CELLS, workers=0)
    many = severity_grid((config, root / 'a.pth'), cells=CELLS, workers=0, batch=4)
    for first, second in zip(one.cells, many.cells, strict=True):
        assert second.mIoU == pytest.approx(first.mIoU, abs=0.05)
        assert sum(second.pixels['labelled']) == sum(first.pixels['labelled'])
    assert torch.is_grad_enabled()
