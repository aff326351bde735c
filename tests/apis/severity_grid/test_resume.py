"""Nothing is predicted twice, whatever stopped the run; nothing stale is taken up."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmdegrade.apis import severity_grid
from mmdegrade.apis.severity_grid import contestant, fingerprint, runner
from tests.apis.severity_grid.tiny_grid import read, write_config

TOOL = Path(__file__).resolve().parents[3] / 'tools' / 'severity_grid.py'
CHOICE = dict(kinds=['gblur', 'awgn'], degrees=[1, 5], workers=0)
CELLS, IMAGES = 5, 4


@pytest.fixture
def predicted(monkeypatch):
    """List that gets the cell and image of every prediction."""
    found, original = [], runner.predict

    def spy(contestant, items):
        samples = original(contestant, items)
        for sample in samples:
            record = sample.degradations[0]
            found.append((record['kind'], record['degree'], Path(sample.img_path).name))
        return samples

    monkeypatch.setattr(runner, 'predict', spy)
    return found


def run(root, out, checkpoint='a.pth', config='ours.py', **kwargs):
    model = (root / config, root / checkpoint)
    return severity_grid(model, out=out, **{**CHOICE, **kwargs})


def test_a_second_run_predicts_nothing(tiny, tmp_path, predicted):
    first = run(tiny, tmp_path)
    assert len(predicted) == len(set(predicted)) == CELLS * IMAGES
    text = (tmp_path / 'results.json').read_bytes()
    predicted.clear()
    assert run(tiny, tmp_path) == first and predicted == []
    assert (tmp_path / 'results.json').read_bytes() == text


def test_only_what_is_new_is_predicted(tiny, tmp_path, predicted):
    run(tiny, tmp_path, degrees=[1], images=3)
    predicted.clear()
    run(tiny, tmp_path)
    assert len(predicted) == CELLS * IMAGES - 3 * 3
    assert {one[:2] for one in predicted if not one[2].endswith('003.png')} == {
        ('gblur', 5),
        ('awgn', 5),
    }


def test_stopped_in_the_middle(tiny, tmp_path, predicted, monkeypatch):
    spy = runner.predict

    def stops(contestant, items):
        if len(predicted) == 7:
            raise KeyboardInterrupt
        return spy(contestant, items)

    monkeypatch.setattr(runner, 'predict', stops)
    with pytest.raises(KeyboardInterrupt):
        run(tiny, tmp_path)
    monkeypatch.setattr(runner, 'predict', spy)
    resumed = run(tiny, tmp_path)
    assert len(predicted) == len(set(predicted)) == CELLS * IMAGES
    whole = run(tiny, None)
    assert resumed.cells == whole.cells


def test_batches_are_taken_up_whole(tiny, tmp_path, predicted):
    """Of a batch of two with one image missing, both are predicted: a network may see the batch."""
    config = write_config(tmp_path, 'two', batch_size=2)
    shutil.copytree(tiny / 'camvid', tmp_path / 'camvid')
    model = (config, tiny / 'a.pth')
    severity_grid(model, out=tmp_path / 'out', images=3, **CHOICE)
    predicted.clear()
    severity_grid(model, out=tmp_path / 'out', images=4, **CHOICE)
    assert sorted({name for *_, name in predicted}) == ['test_002.png', 'test_003.png']


def test_other_weights_images_settings_or_code_are_not_taken_up(tiny, tmp_path, predicted):
    root = tmp_path / 'data'
    shutil.copytree(tiny, root)
    write_config(root)
    write_config(root, 'ignore', test_evaluator=dict(type='IoUMetric', ignore_index=3))
    run(root, tmp_path / 'out', degrees=[1])

    def number(**kwargs):
        predicted.clear()
        run(root, tmp_path / 'out', **{'degrees': [1], **kwargs})
        return len(predicted)

    everything = 3 * IMAGES
    assert number() == 0
    assert number(checkpoint='b.pth') == everything
    assert number(config='ignore.py') == everything
    assert number(seed=3) == everything  # it is part of a cell, drawn from or not
    assert number(batch=2) == everything
    image = root / 'camvid' / 'test' / 'test_001.png'
    os.utime(image, ns=(1, 1))
    assert number() == 3
    mask = root / 'camvid' / 'testannot' / 'test_002.png'
    os.utime(mask, ns=(1, 1))
    assert number() == 3
    fingerprint = read(tmp_path / 'out' / 'results.json')['dataset']['fingerprint']
    assert fingerprint == run(tiny, None, degrees=[1]).dataset['fingerprint']  # times do not count
    shutil.move(root, tmp_path / 'moved')  # where the data lies does not count
    root = tmp_path / 'moved'
    write_config(root)
    assert number() == 0


def test_code_counts(tiny, tmp_path, predicted, monkeypatch):
    run(tiny, tmp_path)
    predicted.clear()
    monkeypatch.setattr(contestant, 'code_hash', lambda: 'changed')
    run(tiny, tmp_path)
    assert len(predicted) == CELLS * IMAGES
    assert len(fingerprint.code_hash()) == 16


def test_ssim_that_was_not_measured_is_measured(tiny, tmp_path, predicted):
    pytest.importorskip('torchmetrics')
    assert run(tiny, tmp_path).cells[1].ssim is None
    predicted.clear()
    grid = run(tiny, tmp_path, ssim=True)
    assert len(predicted) == (CELLS - 1) * IMAGES  # clean images have none
    assert grid.cells[0].ssim is None and 0 < grid.cells[1].ssim < 1


@pytest.mark.slow
@pytest.mark.parametrize('processes', ['--jobs 1 --workers 1', '--jobs 2'])
def test_killed(tiny, tmp_path, processes):
    """SIGKILL while it predicts: the next run does the rest, and the numbers are those of one."""
    command = [sys.executable, '-W', 'ignore', TOOL, tiny / 'ours.py', tiny / 'a.pth']
    command += processes.split()
    command += '--preset imagenet-c --strips 0 --out'.split() + [tmp_path / 'out']
    with (tmp_path / 'log').open('w') as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log)
        cache = tmp_path / 'out' / 'cache'
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if any(file.stat().st_size > 20_000 for file in cache.glob('*.jsonl')):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, (tmp_path / 'log').read_text()[-2000:]
    while time.monotonic() < deadline:  # other processes of the run notice it and end as well
        sizes = [file.stat().st_size for file in cache.glob('*.jsonl')]
        time.sleep(1)
        if sizes == [file.stat().st_size for file in cache.glob('*.jsonl')]:
            break
    assert time.monotonic() < deadline
    assert not (tmp_path / 'out' / 'results.json').exists()
    steps = []
    model = (tiny / 'ours.py', tiny / 'a.pth')
    grid = severity_grid(
        model, preset='imagenet-c', out=tmp_path / 'out', workers=0,
        progress=lambda *one: steps.append(one),
    )  # fmt: skip
    assert 0 < steps[-1][1] < 76 * IMAGES and steps[-1][0] == steps[-1][1]
    assert grid.cells == severity_grid(model, preset='imagenet-c', workers=0).cells
    assert len(read(tmp_path / 'out' / 'results.json')['cells']) == 76
