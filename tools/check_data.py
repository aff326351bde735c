"""List every file of a config's datasets that is missing, corrupt, or holds a label beyond it.

    python tools/check_data.py configs/dgn/cgnet_camvid_clean.py
    python tools/check_data.py CONFIG --loaders train_dataloader

One line a file. The exit code is 1 if there is any.
"""

import argparse
import sys

from mmengine.config import DictAction
from mmengine.registry import init_default_scope

from mmdegrade.apis.check_data import LOADERS, check_data
from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.engine.launch import load_config


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config whose datasets are read')
    parser.add_argument(
        '--loaders', nargs='+', choices=LOADERS, default=LOADERS, metavar='LOADER',
        help=f'of {", ".join(LOADERS)}; default: all',
    )  # fmt: skip
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    return parser.parse_args(argv)


def main(argv=None) -> int:
    args = parse(argv)
    count = 0
    try:
        cfg = fill_degradation(load_config(args.config, cfg_options=args.cfg_options))
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        for loader, _, message in check_data(cfg, args.loaders):
            count += 1
            print(f'{loader}: {message}', flush=True)
    except (ValueError, TypeError, OSError) as error:
        print(f'check_data: {error}', file=sys.stderr)
        return 2
    print(f'{count} corrupt files' if count else 'OK: no corrupt file')
    return 1 if count else 0


if __name__ == '__main__':
    sys.exit(main())
