"""Train a model: ``python tools/train.py CONFIG``. The flags are MMSegmentation's."""

import argparse

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.engine import launch


def build_parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(description='Train a segmentor')
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument(
        '--resume',
        action='store_true',
        help='go on from the latest checkpoint in the work dir (also: resume=True in the config)',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision, on CPU too')
    launch.add_common_arguments(parser)
    return parser


def main() -> None:
    """Parse, adapt the config, train."""
    parser = build_parser()
    args = parser.parse_args()
    launch.export_local_rank(args)
    try:
        cfg = launch.load_config(args.config, args.launcher, args.work_dir, args.cfg_options)
        if args.resume:
            cfg.resume = True
        if args.amp:
            launch.enable_amp(cfg)
        launch.check_config(cfg, 'train_dataloader', 'val_dataloader')
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    launch.build_runner(cfg).train()
    launch.leave_together()


if __name__ == '__main__':
    main()
