"""Train at each level of a degradation and test at each, for Fig. 1 of UBCN's supplement.

    python tools/degradation_matrix.py configs/demo/street_scenes_clean.py --iterations 300
    python tools/degradation_matrix.py configs/dgn/pspnet_cityscapes_clean.py --kinds rain fog

Started again, it goes on where it was. WORK_DIR gets <kind>.png, matrix.md and matrix.json.
"""

import argparse
import hashlib
import signal
import sys
from pathlib import Path

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade import apis
from mmdegrade.apis.degradation_matrix import KINDS, write_atomically
from mmdegrade.apis.json_files import read_json
from mmdegrade.engine.launch import load_config

ROOT = Path(__file__).resolve().parents[1]


def parse(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='trains a segmentor on clean images')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/matrix_<config>')
    parser.add_argument('--kinds', nargs='+', default=list(KINDS))
    parser.add_argument('--preset', default='ubcn', help="whose levels; 'none': the kind's own")
    parser.add_argument('--iterations', type=int, help='of each training (default: its config)')
    parser.add_argument('--seed', type=int, default=0, help='of all trainings')
    parser.add_argument('--at-once', type=int, default=1, help='most commands at a time')
    args = parser.parse_args(argv)
    if args.at_once < 1 or (args.iterations is not None and args.iterations < 1):
        parser.error('--at-once and --iterations must be 1 or more')
    args.preset = None if args.preset == 'none' else args.preset
    default = ROOT / 'work_dirs' / f'matrix_{Path(args.config).stem}'
    args.work_dir = (args.work_dir or default).resolve()
    return args


def command(tool: str, *arguments) -> list[str]:
    return [sys.executable, str(ROOT / 'tools' / f'{tool}.py'), *map(str, arguments)]


def settle(args) -> None:
    """Keep what an earlier run left only if it was made with the same config and settings."""
    text = load_config(args.config).pretty_text
    made_with = dict(
        config=hashlib.sha256(text.encode()).hexdigest()[:12],
        preset=args.preset,
        iterations=args.iterations,
        seed=args.seed,
    )
    file = args.work_dir / 'settings.json'
    if file.is_file() and read_json(file) != made_with:
        raise ValueError(
            f'{args.work_dir} holds a matrix of another config, preset, seed or length; give '
            'another --work-dir, or delete it'
        )
    args.work_dir.mkdir(parents=True, exist_ok=True)
    write_atomically(file, made_with)


def main(argv=None) -> int:
    args = parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('degradation_matrix: stopped'))
    try:
        settle(args)
        steps = apis.plan_matrix(
            args.config, args.work_dir, command, args.kinds, args.preset, args.iterations, args.seed
        )
        apis.run_steps(steps, args.work_dir / 'times.json', at_once=args.at_once, cwd=ROOT)
    except (apis.StepFailed, FileNotFoundError, ValueError) as error:
        print(f'degradation_matrix: {error}', file=sys.stderr)
        return 1
    texts, found = [], {}
    for kind in args.kinds:
        try:
            matrix = apis.read_matrix(args.work_dir, kind, args.preset)
        except (FileNotFoundError, ValueError) as error:
            print(f'degradation_matrix: {error}', file=sys.stderr)
            return 1
        apis.plot_matrix(matrix, args.work_dir / f'{kind}.png')
        found[kind] = dict(matrix.to_dict(), verdict=matrix.verdict())
        texts.append(f'{matrix.table()}\n\n{matrix.verdict()}')
    write_atomically(args.work_dir / 'matrix.json', found)
    text = '\n\n'.join(texts)
    (args.work_dir / 'matrix.md').write_text(f'mIoU, %\n\n{text}\n', encoding='utf-8')
    print(f'\nmIoU, %\n\n{text}\n\nWritten: {args.work_dir}/matrix.md, matrix.json, <kind>.png')
    return 0


if __name__ == '__main__':
    sys.exit(main())
