"""The whole story on a CPU in minutes: ``make demo`` or ``python tools/demo.py``.

Trains a small network on clean street scenes, shows how it fails on blurred ones, and adapts it in
three ways: plain fine-tuning, DGN, DGN paired. Every step is a call of tools/train.py or
tools/test.py with a config of configs/demo/. Finished steps are skipped when it is run again.
"""

import argparse
import hashlib
import json
import shutil
import signal
import sys
import time
from pathlib import Path

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade import apis
from mmdegrade.apis.json_files import read_json
from mmdegrade.engine.launch import load_config

ROOT = Path(__file__).resolve().parents[1]
# Row of the table: config, and the keys in it that name the clean-trained checkpoint.
ROWS = {
    'no adaptation': ('street_scenes_clean', ()),
    'fine-tune': (
        'street_scenes_finetune_gblur_d5',
        ('load_from', 'custom_hooks.1.clean_checkpoint'),
    ),
    'DGN': ('street_scenes_gblur_d5', ('model.clean_checkpoint',)),
    'DGN paired': ('street_scenes_paired_gblur_d5', ('model.clean_checkpoint',)),
}
CONDITIONS = {'blurred': ('kind=gblur', 'degree=5'), 'clean': ('kind=clean',)}


def parse(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=ROOT / 'work_dirs' / 'demo')
    parser.add_argument('--seed', type=int, default=0, help='of all four trainings')
    parser.add_argument('--iterations', type=int, help='of each training (default: its config)')
    parser.add_argument('--test-scenes', type=int, default=100)
    parser.add_argument('--fresh', action='store_true', help='forget an earlier run')
    args = parser.parse_args(argv)
    if args.test_scenes < 1 or (args.iterations is not None and args.iterations < 1):
        parser.error('--test-scenes and --iterations must be 1 or more')
    args.work_dir = args.work_dir.resolve()
    args.configs = {
        row: load_config(str(ROOT / 'configs' / 'demo' / f'{name}.py'))
        for row, (name, _) in ROWS.items()
    }
    args.max_iters = {
        row: args.iterations or cfg.train_cfg.max_iters for row, cfg in args.configs.items()
    }
    return args


def plan(args) -> list[apis.Step]:
    """All steps, in the order in which two cores take them best."""
    trainings, tests = [], []
    for row, (name, keys) in ROWS.items():
        config, folder, n = args.configs[row].filename, args.work_dir / name, args.max_iters[row]
        checkpoint = folder / f'iter_{n}.pth'
        if not keys:
            clean = checkpoint
        train = [f'randomness.seed={args.seed}', f'param_scheduler.0.end={n}']
        train += [f'train_cfg.max_iters={n}', f'train_cfg.val_interval={n}']
        train += [f'{key}={clean}' for key in keys]
        # Only for a run that was stopped: a new one would "resume" the clean-trained start.
        resume = ['--resume'] if (folder / 'last_checkpoint').is_file() else []
        trainings.append(
            apis.Step(
                f'train {row}' if keys else 'train on clean scenes',
                command('train', config, *resume, '--work-dir', folder, options=train),
                folder / 'train.log',
                checkpoint.is_file,
                needs=(trainings[0].name,) if keys else (),
                seconds=75 if keys else 180,
            )
        )
        for condition, degradation in CONDITIONS.items():
            out = folder / f'test_{condition}'
            test = [f'degradation.{part}' for part in degradation]
            test += [f'test_dataloader.dataset.num_images={args.test_scenes}']
            flags = ('--work-dir', out, '--out', out / 'predictions')
            tests.append(
                apis.Step(
                    f'test {row} on {condition} scenes',
                    command('test', config, checkpoint, *flags, options=test),
                    out / 'test.log',
                    lambda out=out: apis.find_test_metrics(out) is not None,
                    needs=(trainings[-1].name,),
                )
            )
    return trainings + tests


def command(tool: str, *arguments, options) -> list[str]:
    script = ROOT / 'tools' / f'{tool}.py'
    return [sys.executable, str(script), *map(str, arguments), '--cfg-options', *options]


def settle(args) -> None:
    """Keep an earlier run only if it was made with the same settings and configs."""
    made_with = dict(
        seed=args.seed,
        max_iters=args.max_iters,
        test_scenes=args.test_scenes,
        configs={
            row: hashlib.sha256(cfg.pretty_text.encode()).hexdigest()[:12]
            for row, cfg in args.configs.items()
        },
    )
    file = args.work_dir / 'settings.json'
    if args.fresh:
        for name, _ in ROWS.values():
            shutil.rmtree(args.work_dir / name, ignore_errors=True)
        for old in (file, args.work_dir / 'times.json'):
            old.unlink(missing_ok=True)
    if file.is_file() and read_json(file) != made_with:
        raise ValueError(
            f'{args.work_dir} holds a demo with other settings or configs: --fresh replaces it, '
            '--work-dir goes elsewhere'
        )
    args.work_dir.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(made_with, indent=2) + '\n')


def report(results: dict) -> str:
    """The table, and a sentence on what it shows."""
    rows, scenes = results['rows'], results['test_scenes']
    table = apis.markdown_table(
        ('mIoU, %', 'blurred scenes', 'clean scenes', 'iterations'),
        [(n, float(r['blurred']), float(r['clean']), r['iterations']) for n, r in rows.items()],
    )

    def beside_tuning(row, condition):
        points = rows[row][condition] - rows['fine-tune'][condition]
        return f'{points:+.1f} on {condition} scenes'

    loss = rows['no adaptation']['clean'] - rows['no adaptation']['blurred']
    against = [
        f'{row} is {beside_tuning(row, "blurred")} and {beside_tuning(row, "clean")}'
        for row in ('DGN', 'DGN paired')
    ]
    return (
        f'{table}\n\nBlur costs the network trained on clean scenes {loss:.1f} points. Against '
        f'fine-tuning, {"; ".join(against)}.\nThis is one run (seed {results["seed"]}, {scenes} '
        'test scenes): differences below a point mean little.'
    )


def main(argv=None) -> int:
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('demo: stopped'))  # and stop the steps
    start = time.monotonic()
    try:
        settle(args)
        times = apis.run_steps(plan(args), args.work_dir / 'times.json', cwd=ROOT)
    except (apis.StepFailed, ValueError) as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    results = dict(rows={}, seed=args.seed, test_scenes=args.test_scenes, seconds=times)
    for row, (name, _) in ROWS.items():
        folders = {
            condition: args.work_dir / name / f'test_{condition}' for condition in CONDITIONS
        }
        scores = {c: apis.read_test_metrics(folder)['mIoU'] for c, folder in folders.items()}
        results['rows'][row] = dict(scores, iterations=args.max_iters[row])
    text = report(results)
    written = [args.work_dir / name for name in ('sheet.png', 'results.md', 'results.json')]
    predictions = {
        row: args.work_dir / ROWS[row][0] / 'test_blurred' / 'predictions'
        for row in ('no adaptation', 'fine-tune', 'DGN')
    }
    cfg = args.configs['fine-tune']
    cfg.test_dataloader.dataset.num_images = args.test_scenes
    apis.draw_test_sheet(cfg, predictions, written[0])
    written[1].write_text(text + '\n')
    written[2].write_text(json.dumps(results, indent=2) + '\n')
    print(f'\n{text}\n\n{time.monotonic() - start:.0f} s. Written:', *written, sep='\n  ')
    return 0


if __name__ == '__main__':
    sys.exit(main())
