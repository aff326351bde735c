"""Train × test matrices: what is planned, what is read, and what the supplement's sentence asks."""

import json

import cv2
import pytest
from mmengine.config import Config

from mmdegrade.apis import DegradationMatrix, plan_matrix, plot_matrix, read_matrix
from mmdegrade.apis.degradation_matrix import level_cells, write_atomically, write_config

LEVELS = ('clean', '50', '150', '250')
FALLING = ((60.0, 40.0, 30.0, 20.0), (58.0, 50.0, 41.0, 30.0),
           (55.0, 52.0, 48.0, 47.0), (50.0, 50.0, 49.0, 48.0))  # fmt: skip
DIAGONAL = ((60.0, 40.0, 30.0, 20.0), (40.0, 50.0, 41.0, 30.0),
            (30.0, 42.0, 48.0, 40.0), (10.0, 20.0, 43.0, 46.0))  # fmt: skip


def matrix(kind: str, miou) -> DegradationMatrix:
    return DegradationMatrix(kind, 'intensity', LEVELS, miou)


def test_the_two_observations():
    falling, diagonal = matrix('rain', FALLING), matrix('fog', DIAGONAL)
    assert falling.falls() == [True] * 4 and falling.peaks() == [True, False, False, False]
    assert diagonal.falls() == [True, False, False, False] and diagonal.peaks() == [True] * 4
    assert falling.best_trained() == [True, False, False, True]
    assert diagonal.best_trained() == [True] * 4
    assert 'falls monotonically with the test level: holds.' in falling.verdict()
    assert 'highest on the diagonal: holds.' in diagonal.verdict()
    assert (
        'falls monotonically with the test level: does not hold.'
        in matrix('pepper', DIAGONAL).verdict()
    )
    assert (
        'diagonal: does not hold. mIoU falls with the test level in 4 of 4'
        in matrix('awgn', FALLING).verdict()
    )
    assert 'supplement' not in matrix('gblur', FALLING).verdict()


def test_table_and_picture(tmp_path):
    one = matrix('rain', FALLING)
    lines = one.table().splitlines()
    assert [cell.strip() for cell in lines[0].split('|')[1:-1]] == [
        'rain: trained \\ tested', *LEVELS,
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[4].split('|')[1:-1]] == [
        '150', '55.0', '52.0', '48.0', '47.0',
    ]  # fmt: skip
    assert json.loads(json.dumps(one.to_dict()))['miou'] == [list(row) for row in FALLING]
    plot_matrix(one, tmp_path / 'rain.png')
    picture = cv2.imread(str(tmp_path / 'rain.png'))
    assert picture.shape[0] > 400 and picture.std() > 20


def test_levels_are_the_supplements():
    assert [cell.get('degree', 0) for cell in level_cells('rain')] == [0, 1, 2, 3]
    assert len(level_cells('gblur', None)) == 6
    with pytest.raises(ValueError, match='gblurr'):
        level_cells('gblurr', None)


def base(folder, **changes):
    path = folder / 'base.py'
    settings = dict(
        degradation=dict(kind='clean'),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=1000),
        param_scheduler=[dict(type='PolyLR', begin=0, end=1000), dict(type='MultiStepLR',
                                                                        milestones=[300, 600])],
    )  # fmt: skip
    settings.update(changes)
    path.write_text('\n'.join(f'{k} = {v!r}' for k, v in settings.items() if v is not None))
    return str(path)


def command(tool, *arguments):
    return [tool, *map(str, arguments)]


def test_plan(tmp_path):
    work = tmp_path / 'work'
    steps = plan_matrix(base(tmp_path), work, command, ['rain', 'fog'], iterations=100, seed=7)
    trains = [step for step in steps if step.name.startswith('train')]
    tests = [step for step in steps if step.name.startswith('test')]
    assert len(trains) == 1 + 2 * 3 and len(tests) == 2 * 4  # the clean one serves both
    assert tests[5].needs == ('train ubcn_fog_1',)
    cfg = Config.fromfile(work / 'ubcn_rain_2' / 'train.py')
    assert cfg.degradation == dict(kind='rain', degree=2, preset='ubcn')
    assert (cfg.train_cfg.max_iters, cfg.randomness.seed) == (100, 7)
    assert cfg.param_scheduler[0].end == 100 and cfg.param_scheduler[1].milestones == [30, 60]
    tested = Config.fromfile(work / 'ubcn_rain_2' / 'test_rain.py')
    assert tested.test_cfg.type == 'DegradationTestLoop'
    assert [cell.get('degree') for cell in tested.test_cfg.cells] == [None, 1, 2, 3]
    assert tests[2].command[2] == str(work / 'ubcn_rain_2' / 'iter_100.pth')
    assert '--resume' not in trains[0].command
    (work / 'clean' / 'last_checkpoint').write_text('x')
    again = plan_matrix(base(tmp_path), work, command, ['rain'], iterations=100, seed=7)
    assert '--resume' in again[0].command and not again[0].done()
    (work / 'clean' / 'iter_100.pth').write_text('x')
    assert again[0].done()


def test_what_cannot_be_planned(tmp_path):
    with pytest.raises(ValueError, match='no top-level `degradation`'):
        plan_matrix(base(tmp_path, degradation=None), tmp_path, command)
    with pytest.raises(ValueError, match='train_cfg.max_iters is not set'):
        plan_matrix(base(tmp_path, train_cfg=dict(stages=[])), tmp_path, command)


def test_reading_finished_tests(tmp_path):
    cells = ('clean', 'ubcn:rain_1', 'ubcn:rain_2', 'ubcn:rain_3')
    for cell, row in zip(cells, FALLING, strict=True):
        folder = tmp_path / cell.replace(':', '_') / 'test_rain' / '20260101_000000'
        folder.mkdir(parents=True)
        values = {f'{c}/mIoU': value for c, value in zip(cells, row, strict=True)}
        write_atomically(folder / '20260101_000000.json', values)
    assert read_matrix(tmp_path, 'rain') == matrix('rain', FALLING)
    with pytest.raises(FileNotFoundError, match='no finished test'):
        read_matrix(tmp_path, 'fog')


def test_an_equal_config_is_left_alone(tmp_path):
    path = tmp_path / 'a.py'
    write_config(path, base(tmp_path), work_dir='x')
    before = path.stat().st_mtime_ns
    write_config(path, base(tmp_path), work_dir='x')
    assert path.stat().st_mtime_ns == before
    assert Config.fromfile(path).work_dir == 'x'
