"""Segment pictures and videos with any mmseg config and checkpoint.

    python tools/infer.py CONFIG CHECKPOINT street.png photos/ 'shots/*.jpg' drive.mp4 --out DIR
    python tools/infer.py CONFIG CHECKPOINT photos/ --out DIR --degrade gblur:5 --restore

DIR gets overlay/ and mask/ (PNG of class indices with the classes' colours), with --restore also
restored/; of a video, an overlay video and a restored one. --sheet also writes sheet.png, every
picture beside its results. --degrade takes KIND:DEGREE,
KIND:NAME=VALUE and a preset, e.g. fog:3:preset=ubcn. Exit status 1: some files could not be read
(named at the end), the rest is done; 2: something is wrong, and the message says what.
"""

import argparse
import sys

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.apis.inference import ResultWriter, Segmenter, find_sources, segment
from mmdegrade.apis.inference.sheet import ResultSheet
from mmdegrade.engine import launch


def parse(argv=None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('config', help='config file')
    add('checkpoint', help='file or URL; none: the weights training starts from')
    add('inputs', nargs='+', metavar='INPUT', help='images, folders, patterns, videos')
    add('--out', required=True, help='folder to write')
    add('--degrade', help='degrade the pictures first, e.g. gblur:5')
    add('--restore', action='store_true', help='also write the restored images of a cascade')
    add('--sheet', action='store_true', help='also write DIR/sheet.png, all results on one picture')
    add('--device', help='default: the GPU, if there is one')
    add('--opacity', type=float, default=0.5, help='of the colours, 0-1; default: 0.5')
    launch.add_common_arguments(parser)
    return parser.parse_args(argv)


def run(args) -> int:
    """Segment; return how many files failed."""
    paths = find_sources(args.inputs)
    model = Segmenter(
        args.config,
        args.checkpoint,
        device=args.device,
        opacity=args.opacity,
        cfg_options=args.cfg_options,
    )
    failed, done = {}, {}
    results = segment(paths, model, args.degrade, args.restore, on_error=failed.__setitem__)
    meta = model.model.dataset_meta
    sheet = ResultSheet(meta['classes'], meta['palette'])
    with ResultWriter(args.out, paths, meta['palette']) as writer:
        for result in results:
            writer.write(result)
            if args.sheet:
                sheet.add(result)
            if result.path not in done:
                print(result.path)
            done[result.path] = done.get(result.path, 0) + 1
    if args.sheet and done:
        sheet.write(f'{args.out}/sheet.png')
    for path, error in failed.items():
        print(f'infer: {path}: {error}', file=sys.stderr)
    print(f'{args.out}: {len(done)} files ({sum(done.values())} pictures), {len(failed)} failed')
    return len(failed)


def main(argv=None) -> int:
    """Run; returns the exit status."""
    args = parse(argv)
    try:
        return 1 if run(args) else 0
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f'infer: {error}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
