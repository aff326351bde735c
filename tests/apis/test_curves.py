"""Curves from the log files of a work dir."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmdegrade.apis import plot_curves, read_scalars
from mmdegrade.apis.curves import running_mean

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'plot_curves.py'


def log(folder, time, rows):
    file = folder / time / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(row) + '\n' for row in rows))


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / 'dgn'
    log(folder, '1', [dict(loss=3.0, iter=10, step=10), dict(loss=2.0, iter=20, step=20)])
    resumed = [dict(loss=1.5, gap=9.0, iter=20, step=20), dict(loss=1.0, gap=8.0, iter=30, step=30)]
    log(folder, '2', [*resumed, dict(mIoU=50.0, step=30)])
    return folder


def test_resumed_runs_are_joined_and_the_later_counts(run):
    curves = read_scalars(run)
    assert set(curves) == {'loss', 'gap'}
    assert curves['loss'][0].tolist() == [10, 20, 30]
    assert curves['loss'][1].tolist() == [3.0, 1.5, 1.0]
    assert curves['gap'][1].tolist() == [9.0, 8.0]


@pytest.mark.parametrize('width', [1, 3, 50])
def test_running_mean(width):
    values = np.random.default_rng(0).random(20)
    expected = [values[max(0, i + 1 - width) : i + 1].mean() for i in range(20)]
    assert np.allclose(running_mean(values, width), expected)


def test_a_picture_with_a_line_for_each_run(run, tmp_path):
    log(tmp_path / 'ft', '1', [dict(loss=4.0, iter=10), dict(loss=1.0, iter=20)])
    out = tmp_path / 'sub' / 'curves.png'
    plot_curves([run, tmp_path / 'ft'], ['loss', 'gap'], out)
    one = np.asarray(Image.open(out).convert('RGB'))
    plot_curves([run], ['loss', 'gap'], out)
    assert min(one.shape[:2]) > 600  # two panels
    colours = {tuple(colour) for colour in one.reshape(-1, 3)}
    assert (31, 119, 180) in colours and (255, 127, 14) in colours


def test_errors(run, tmp_path, capsys):
    with pytest.raises(ValueError, match="no work dir logged 'los'. Did you mean 'loss'"):
        plot_curves([run], ['los'], tmp_path / 'x.png')
    with pytest.raises(ValueError, match='2 labels for 1 work dirs'):
        plot_curves([run], ['loss'], tmp_path / 'x.png', labels=['a', 'b'])
    spec = importlib.util.spec_from_file_location('plot_curves_tool', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main([str(tmp_path / 'none'), '--out', str(tmp_path / 'x.png')]) == 2
    assert 'no */vis_data/scalars.json' in capsys.readouterr().err
    assert tool.main([str(run), '--out', str(tmp_path / 'x.png')]) == 0
