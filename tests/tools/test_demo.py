"""The demo: its plan, its table, its guard; slow: the whole of it, tiny."""

import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.datasets.street_scenes import PALETTE
from tests.engine.test_resume import same

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'demo.py'
spec = importlib.util.spec_from_file_location('demo', TOOL)
demo = importlib.util.module_from_spec(spec)
spec.loader.exec_module(demo)

ADAPTATIONS = ('fine-tune', 'DGN', 'DGN paired')


def parse(tmp_path, *arguments):
    return demo.parse(['--work-dir', str(tmp_path / 'demo'), *arguments])


def test_adaptations_differ_in_the_method_only(tmp_path):
    configs = parse(tmp_path).configs
    tuned = configs['fine-tune']
    for row in ADAPTATIONS[1:]:
        cfg = configs[row]
        for key in ('train_cfg', 'optim_wrapper', 'param_scheduler', 'randomness'):
            assert cfg[key] == tuned[key], (row, key)
        assert cfg.train_dataloader == tuned.train_dataloader
        assert cfg.test_dataloader == tuned.test_dataloader
        assert cfg.model.segmentor == tuned.model
        assert cfg.model.clean_checkpoint == tuned.load_from
        assert cfg.custom_hooks[0] == tuned.custom_hooks[0] == dict(type='NormEvalHook')
    assert tuned.param_scheduler[0]['end'] == tuned.train_cfg.max_iters
    paired, plain = configs['DGN paired'], configs['DGN']
    assert paired.model.source_input == 'clean' and paired.degradation.train.keep_clean
    assert paired.model.loss_gram == plain.model.loss_gram


def test_configs_are_linked_by_their_checkpoints(tmp_path):
    configs = parse(tmp_path).configs
    clean = configs['no adaptation']
    expected = f'work_dirs/street_scenes_clean/iter_{clean.train_cfg.max_iters}.pth'
    assert configs['fine-tune'].load_from == expected
    assert configs['fine-tune'].custom_hooks[1]['clean_checkpoint'] == expected


def test_plan(tmp_path):
    args = parse(tmp_path, '--iterations', '7', '--seed', '3', '--test-scenes', '9')
    steps = {step.name: step for step in demo.plan(args)}
    assert len(steps) == 12
    clean = steps['train on clean scenes']
    assert clean.needs == ()
    checkpoint = str(args.work_dir / 'street_scenes_clean' / 'iter_7.pth')
    for row in ADAPTATIONS:
        step = steps[f'train {row}']
        assert step.needs == (clean.name,)
        assert {'randomness.seed=3', 'train_cfg.max_iters=7'} <= set(step.command)
        assert any(part.endswith(f'checkpoint={checkpoint}') for part in step.command)
        for condition in ('blurred', 'clean'):
            test = steps[f'test {row} on {condition} scenes']
            assert test.needs == (step.name,)
            assert 'test_dataloader.dataset.num_images=9' in test.command
    assert 'degradation.kind=clean' in steps['test DGN on clean scenes'].command
    assert not any(step.done() for step in steps.values())
    # Resuming is for stopped trainings: without a checkpoint it would go on from the clean one.
    assert not any('--resume' in step.command for step in steps.values())
    (args.work_dir / 'street_scenes_gblur_d5').mkdir(parents=True)
    (args.work_dir / 'street_scenes_gblur_d5' / 'last_checkpoint').touch()
    resumed = [step.name for step in demo.plan(args) if '--resume' in step.command]
    assert resumed == ['train DGN']


@pytest.mark.parametrize('flag', ['--iterations', '--test-scenes'])
def test_numbers_are_checked(tmp_path, flag, capsys):
    with pytest.raises(SystemExit):
        parse(tmp_path, flag, '0')
    assert '1 or more' in capsys.readouterr().err


def test_an_earlier_run_with_other_settings_is_not_mixed_in(tmp_path):
    demo.settle(parse(tmp_path))
    demo.settle(parse(tmp_path))
    with pytest.raises(ValueError, match='--fresh'):
        demo.settle(parse(tmp_path, '--seed', '1'))
    old = tmp_path / 'demo' / 'street_scenes_clean' / 'iter_1000.pth'
    other = tmp_path / 'demo' / 'mine.txt'
    old.parent.mkdir()
    old.touch()
    other.touch()
    demo.settle(parse(tmp_path, '--seed', '1', '--fresh'))
    assert not old.exists() and other.exists()


def test_the_report_says_what_was_measured():
    rows = {
        'no adaptation': dict(blurred=14.5, clean=56.0, iterations=1000),
        'fine-tune': dict(blurred=49.0, clean=40.0, iterations=500),
        'DGN': dict(blurred=48.0, clean=42.5, iterations=500),
        'DGN paired': dict(blurred=50.5, clean=39.0, iterations=500),
    }
    text = demo.report(dict(rows=rows, seed=4, test_scenes=100))
    assert '| DGN           |           48.0 |         42.5 |        500 |' in text
    assert 'costs the network trained on clean scenes 41.5 points' in text
    assert 'DGN is -1.0 on blurred scenes and +2.5 on clean scenes' in text
    assert 'DGN paired is +1.5 on blurred scenes and -1.0 on clean scenes' in text
    assert 'seed 4' in text


def fake_steps(args):
    """What the steps leave behind, without running them."""
    for index, (name, _) in enumerate(demo.ROWS.values()):
        for condition in demo.CONDITIONS:
            out = args.work_dir / name / f'test_{condition}'
            (out / 'now').mkdir(parents=True)
            (out / 'now' / 'now.json').write_text(json.dumps(dict(mIoU=10.0 + index)))
            (out / 'predictions').mkdir()
            for scene in range(args.test_scenes):
                mask = np.full((240, 320), index, np.uint8)
                cv2.imwrite(str(out / 'predictions' / f'{scene:06d}.png'), mask)
    return {}


def test_what_it_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    arguments = ['--work-dir', str(tmp_path / 'demo'), '--test-scenes', '2']
    args = demo.parse(arguments)
    monkeypatch.setattr(demo.signal, 'signal', lambda *_: None)
    monkeypatch.setattr(demo.apis, 'run_steps', lambda *_, **__: fake_steps(args))
    assert demo.main(arguments) == 0
    shown = capsys.readouterr().out
    for name in ('sheet.png', 'results.md', 'results.json'):
        assert str(args.work_dir / name) in shown
    assert (args.work_dir / 'results.md').read_text().strip() in shown
    results = json.loads((args.work_dir / 'results.json').read_text())
    assert results['rows']['DGN'] == dict(
        blurred=12.0, clean=12.0, iterations=args.max_iters['DGN']
    )
    sheet = cv2.imread(str(args.work_dir / 'sheet.png'))
    assert sheet.shape[1] == 6 * 320 + 5 * 4 and sheet.shape[0] > 2 * 240
    cells = [sheet[60:240, 324 * i : 324 * i + 320] for i in range(6)]
    assert cv2.Laplacian(cells[0], cv2.CV_64F).var() > 5 * cv2.Laplacian(cells[1], cv2.CV_64F).var()
    for index in range(3):  # label 0, 1, 2: the columns hold the right predictions
        colour = PALETTE[index][::-1]
        assert (cells[3 + index] == colour).all()


@pytest.mark.slow
def test_the_whole_demo_tiny(tmp_path):
    command = [sys.executable, str(TOOL), '--work-dir', str(tmp_path)]
    command += ['--iterations', '2', '--test-scenes', '2']
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ('sheet.png', 'results.md', 'results.json'):
        assert str(tmp_path / name) in done.stdout
    sheet = cv2.imread(str(tmp_path / 'sheet.png'))
    assert sheet.shape[1] == 6 * 320 + 5 * 4 and sheet.shape[0] > 2 * 240
    results = json.loads((tmp_path / 'results.json').read_text())
    assert list(results['rows']) == ['no adaptation', *ADAPTATIONS]
    for row in results['rows'].values():
        assert math.isfinite(row['blurred']) and math.isfinite(row['clean'])
        assert row['iterations'] == 2
    assert len(results['seconds']) == 12
    assert (tmp_path / 'results.md').read_text().count('|') > 20
    again = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert again.returncode == 0 and again.stdout.count('done before') == 12


@pytest.mark.slow
def test_two_runs_give_identical_checkpoints(tmp_path):
    """All trainings of the demo, twice, each in processes of its own; nothing but dates differs."""
    checkpoints = []
    for run in ('one', 'two'):
        command = [sys.executable, str(TOOL), '--work-dir', str(tmp_path / run)]
        command += ['--iterations', '4', '--test-scenes', '1']
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        checkpoints.append(
            {
                str(path.relative_to(tmp_path / run)): load_checkpoint_safely(path)
                for path in sorted((tmp_path / run).rglob('*.pth'))
            }
        )
    one, two = checkpoints
    assert one.keys() == two.keys() and len(one) == 1 + len(ADAPTATIONS)
    for name, checkpoint in one.items():
        same(checkpoint, two[name])
