"""Export a model's inference graph as ONNX, and check the file against PyTorch by onnxruntime.

    python tools/export_onnx.py CONFIG CHECKPOINT OUT.onnx
    python tools/export_onnx.py CONFIG CHECKPOINT OUT.onnx --labels --images
    python tools/export_onnx.py CONFIG CHECKPOINT OUT.onnx --size 512 1024 --fixed

Any mmseg config, and all models of mmdegrade. Input: N×3×H×W as the data preprocessor makes it,
or with --images uint8 RGB images. Outputs: the scores (with --labels the labels) at the size of the
input, and of cascades the restored image. Exit status 2: it could not be exported, and the message
says why.
"""

import argparse
import sys

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.apis.onnx_export import export_onnx
from mmdegrade.engine import launch


def parse(argv=None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('config', help='config file')
    add('checkpoint', help='file or URL; none: the weights training starts from')
    add('out', help='file to write')
    add('--size', nargs=2, type=int, metavar=('HEIGHT', 'WIDTH'), help='to trace at')
    only = parser.add_mutually_exclusive_group()
    only.add_argument('--fixed', action='store_true', help='one size only: that of --size')
    only.add_argument('--dynamic', action='store_true', help='any size, or none at all')
    add('--labels', action='store_true', help='labels in the place of scores')
    add('--images', action='store_true', help='the input is uint8 RGB images')
    add('--opset', type=int, default=17, help='version of the operators; default: 17')
    add('--dynamo', action='store_true', help="PyTorch's newer exporter (slower)")
    add('--tolerance', type=float, default=1e-4, help='largest difference; default: 1e-4')
    launch.add_common_arguments(parser)
    args = parser.parse_args(argv)
    if args.fixed and args.size is None:
        parser.error('--fixed needs --size HEIGHT WIDTH')
    return args


def main(argv=None) -> int:
    """Export; returns the exit status."""
    args = parse(argv)
    try:
        done = export_onnx(
            args.config,
            args.checkpoint,
            args.out,
            size=args.size and tuple(args.size),
            dynamic=True if args.dynamic else False if args.fixed else None,
            labels=args.labels,
            as_images=args.images,
            dynamo=args.dynamo,
            opset=args.opset,
            tolerance=args.tolerance,
            cfg_options=args.cfg_options,
        )
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f'export_onnx: {error}', file=sys.stderr)
        return 2
    if done.reason:
        print(f'one size only: {done.reason}', file=sys.stderr)
    size = 'any size' if done.dynamic else f'{done.size[0]}x{done.size[1]} (height x width)'
    print(f'{done.path}: {", ".join(done.outputs)}; {size}; {done.difference:.1e} from PyTorch')
    return 0


if __name__ == '__main__':
    sys.exit(main())
