"""Write a degraded copy of a dataset, ready to take the place of the original.

    python tools/degrade_dataset.py data/camvid data/camvid_gblur5 --kind gblur --degree 5
    python tools/degrade_dataset.py configs/dgn/fcn8s_voc_clean.py data/voc_rain --kind rain \
        --degree 3 --preset ubcn --workers 4
    python tools/degrade_dataset.py photos noisy --kind awgn --params sigma=25

SRC is a folder or a config. Of a folder, every colour image is degraded, and the rest (masks,
lists) is linked; of a config, the images that its datasets list. OUT gets the same tree and
manifest.jsonl with every parameter of every image. Exit status 1: some images could not be read
(named at the end), the rest is done.
"""

import argparse
import os
import sys

from mmengine.config import Config, DictAction
from mmengine.registry import TRANSFORMS
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmdegrade  # noqa: F401
from mmdegrade.apis import degrade_dataset, tree_of_config, tree_of_folder
from mmdegrade.apis.dataset_tree import add_depth
from mmdegrade.datasets.transforms import LoadDepth
from mmdegrade.degradations import Request
from mmdegrade.engine.degradation import LOADERS, transforms_in


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('src', metavar='SRC', help='folder, or config (.py) with datasets')
    parser.add_argument('out', metavar='OUT', help='folder to write')
    parser.add_argument('--kind', required=True)
    parser.add_argument('--degree', type=int)
    parser.add_argument('--preset', help='take kind and degree from a published set')
    parser.add_argument('--params', nargs='+', action=DictAction, default={}, metavar='NAME=VALUE')
    parser.add_argument('--images', metavar='PATTERN', help="of a folder: 'leftImg8bit/*'")
    parser.add_argument('--depth', metavar='DIR', help='of a folder: depth maps of the same names')
    parser.add_argument('--depth-format', default='auto', help='as in LoadDepth; default: auto')
    parser.add_argument('--splits', nargs='+', choices=('train', 'val', 'test'), help='of a config')
    parser.add_argument('--workers', type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--resume', action='store_true', help='go on with an OUT that was begun')
    parser.add_argument('--copy', action='store_true', help='copy masks and lists, not link them')
    parser.add_argument('--suffix', help='.png writes losslessly whatever the source is')
    return parser.parse_args(argv)


def read_source(args, request: dict):
    """The dataset's files, and the transforms that load what the kind needs."""
    if not args.src.endswith('.py'):
        if args.splits:
            raise ValueError('--splits belongs to a config, SRC is a folder: use --images')
        tree = tree_of_folder(args.src, args.images)
        if args.depth:
            add_depth(tree, args.depth)
        return tree, [LoadDepth(format=args.depth_format)] if args.depth else []
    if args.images:
        raise ValueError('--images belongs to a folder, SRC is a config: use --splits')
    if args.depth:
        raise ValueError('--depth belongs to a folder; a config loads depth by LoadDepth')
    cfg = Config.fromfile(args.src)
    tree = tree_of_config(cfg, *([tuple(args.splits)] if args.splits else []))
    return tree, depth_loaders(cfg)


def depth_loaders(cfg) -> list:
    """``LoadDepth`` as the config's own pipelines have it."""
    for loader in LOADERS:
        for transform in transforms_in(cfg.get(loader)):
            if transform['type'] == 'LoadDepth':
                return [TRANSFORMS.build(transform)]
    return []


def run(args) -> int:
    """Degrade; return how many images failed."""
    request = dict(kind=args.kind, degree=args.degree, preset=args.preset)
    Request(**request, params=args.params)  # before the files are looked at
    request.update(args.params)
    tree, loading = read_source(args, request)
    print(
        f'{len(tree.images)} images to degrade, {len(tree.others)} other files to '
        f'{"copy" if args.copy else "link"}, {len(tree.left_out)} images of no list left out'
    )
    records = degrade_dataset(
        tree,
        args.out,
        request,
        seed=args.seed,
        loading=loading,
        workers=args.workers,
        resume=args.resume,
        copy=args.copy,
        suffix=args.suffix,
    )
    failed = []
    columns = (TextColumn('images'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        for record in progress.track(records, total=len(tree.images)):
            if 'error' in record:
                failed.append(record)
                progress.console.print(
                    f'failed: {record["image"]}: {record["error"]}', markup=False
                )
    for record in failed:
        print(f'{record["image"]}: {record["error"]}', file=sys.stderr)
    print(f'{args.out}: {len(tree.images) - len(failed)} images degraded, {len(failed)} failed')
    return len(failed)


def main(argv=None) -> int:
    args = parse(argv)
    try:
        return 1 if run(args) else 0
    except (ValueError, TypeError, KeyError, OSError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f'degrade_dataset: {message}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
