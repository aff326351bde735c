"""tools/degradation_matrix.py: refuses what does not belong together; slow: a whole tiny matrix."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'degradation_matrix.py'
spec = importlib.util.spec_from_file_location('degradation_matrix_tool', TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

CONFIG = ROOT / 'configs' / 'demo' / 'street_scenes_clean.py'


def test_another_length_does_not_mix_in(tmp_path, capsys):
    args = tool.parse([str(CONFIG), '--work-dir', str(tmp_path), '--iterations', '2'])
    tool.settle(args)
    tool.settle(args)
    assert tool.main([str(CONFIG), '--work-dir', str(tmp_path), '--iterations', '3']) == 1
    assert 'holds a matrix of another config' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [['--iterations', '0'], ['--at-once', '0']])
def test_wrong_numbers(arguments, capsys):
    with pytest.raises(SystemExit):
        tool.parse([str(CONFIG), *arguments])
    assert 'must be 1 or more' in capsys.readouterr().err


def test_unknown_kind(tmp_path, capsys):
    assert tool.main([str(CONFIG), '--work-dir', str(tmp_path), '--kinds', 'rian']) == 1
    assert "'rian'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_whole_matrix_and_going_on(tmp_path):
    config = tmp_path / 'tiny.py'
    scenes = {
        f'{split}_dataloader': dict(
            num_workers=0,
            dataset=dict(num_images=2, data_root=str(tmp_path / 'scenes')),
        )
        for split in ('train', 'val', 'test')
    }
    scenes['train_dataloader'].update(persistent_workers=False, batch_size=1)
    lines = [f'{key} = {value!r}' for key, value in scenes.items()]
    config.write_text('\n'.join([f'_base_ = {str(CONFIG)!r}', *lines]))
    run = [sys.executable, str(TOOL), str(config), '--kinds', 'awgn', '--iterations', '1',
           '--work-dir', str(tmp_path / 'work')]  # fmt: skip
    first = subprocess.run(run, capture_output=True, text=True, timeout=600)
    assert first.returncode == 0, first.stderr[-3000:]
    found = json.loads((tmp_path / 'work' / 'matrix.json').read_text())['awgn']
    assert found['levels'] == ['clean', '30', '50', '70'] and len(found['miou']) == 4
    assert all(0 <= value <= 100 for row in found['miou'] for value in row)
    assert len({tuple(row) for row in found['miou']}) > 1
    assert 'The supplement says that mIoU is highest on the diagonal' in first.stdout
    assert (tmp_path / 'work' / 'awgn.png').stat().st_size > 1000
    again = subprocess.run(run, capture_output=True, text=True, timeout=100)
    assert again.returncode == 0 and again.stdout.count('done before') == 8
