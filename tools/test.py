"""Test a checkpoint: ``python tools/test.py CONFIG CHECKPOINT``. The flags are MMSegmentation's."""

import argparse

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.engine import launch


def build_parser() -> argparse.ArgumentParser:
    """Define the command line."""
    parser = argparse.ArgumentParser(description='Test (and evaluate) a segmentor')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='file or URL; none: the weights training starts from')
    parser.add_argument('--work-dir', help='folder for the metrics, written as JSON')
    parser.add_argument('--out', help='folder for the predictions, for offline evaluation')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--show-dir', help='folder for painted images')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds per shown image')
    parser.add_argument('--tta', action='store_true', help='test time augmentation')
    launch.add_common_arguments(parser)
    return parser


def main() -> None:
    """Parse, adapt the config, test."""
    parser = build_parser()
    args = parser.parse_args()
    launch.export_local_rank(args)
    try:
        cfg = launch.load_config(args.config, args.launcher, args.work_dir, args.cfg_options)
        cfg.load_from = launch.check_checkpoint(args.checkpoint)
        if args.show or args.show_dir:
            launch.use_visualization(cfg, args.show, args.show_dir, args.wait_time)
        if args.tta:
            launch.use_tta(cfg)
        if args.out is not None:
            launch.use_predictions_folder(cfg, args.out)
        launch.check_config(cfg, 'test_dataloader')
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    runner = launch.build_runner(cfg)
    if cfg.load_from is None:
        launch.start_weights(runner)
    runner.test()
    launch.leave_together()


if __name__ == '__main__':
    main()
