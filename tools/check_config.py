"""Check configs before a run: ``python tools/check_config.py CONFIG…``.

Prints OK, or everything that is wrong, numbered; see docs/reliability.md. ``tools/train.py`` and
``tools/test.py`` do the same at their start.
"""

import argparse
import sys

from mmengine.config import DictAction

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.engine.checks import check_config, numbered
from mmdegrade.engine.degradation import LOADERS
from mmdegrade.engine.launch import load_config


def build_parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(description='Find everything that is wrong with configs')
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config files')
    parser.add_argument(
        '--no-data',
        action='store_true',
        help='do not look for files: data folders, their lists, checkpoints to start from',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override settings of every config',
    )
    return parser


def report(path: str, cfg_options: dict | None, files: bool) -> bool:
    """Print what is wrong with a config; whether it may run."""
    cfg = load_config(path, cfg_options=cfg_options)
    problems = check_config(cfg, *LOADERS, files=files)
    errors = [problem for problem in problems if problem.severity == 'error']
    warnings = [problem for problem in problems if problem.severity != 'error']
    print(f'{path}: ' + (f'{len(errors)} problem{"s" * (len(errors) > 1)}' if errors else 'OK'))
    if errors:
        print(numbered(errors))
    for problem in warnings:
        print(f'  warning: {problem}')
    return not errors


def main() -> None:
    """Check every config; exit status 1 if any has a problem."""
    parser = build_parser()
    args = parser.parse_args()
    sound = True
    for path in args.configs:
        try:
            sound &= report(path, args.cfg_options, not args.no_data)
        except FileNotFoundError as error:
            parser.error(str(error))
    sys.exit(0 if sound else 1)


if __name__ == '__main__':
    main()
