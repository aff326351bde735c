"""Estimate which weights matter on clean images, for elastic weight consolidation (EWCHook).

    python tools/estimate_fisher.py CONFIG CLEAN_CHECKPOINT OUT [--images 200]

CONFIG is that of the plain network (configs/dgn/*_clean.py); its training images are used, clean.
"""

import argparse
from io import BytesIO

import torch
from mmengine.config import Config, DictAction
from mmengine.fileio import put

import mmdegrade  # noqa: F401
from mmdegrade.apis import estimate_fisher


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('checkpoint', help='clean-trained weights')
    parser.add_argument('out', help='file to write, e.g. work_dirs/fisher.pth')
    parser.add_argument('--images', type=int, default=200)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    buffer = BytesIO()
    try:
        cfg = Config.fromfile(args.config)
        cfg.merge_from_dict(args.cfg_options)
        torch.save(estimate_fisher(cfg, args.checkpoint, args.images, args.device), buffer)
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
    put(buffer.getvalue(), args.out)
    print(f'\n{args.out}: mean squared gradients over {args.images} images')


if __name__ == '__main__':
    main()
