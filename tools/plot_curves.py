"""Plot what trainings logged, e.g. the Gram gap of DGN beside that of fine-tuning (Fig. 4b).

    python tools/plot_curves.py work_dirs/ft work_dirs/dgn --keys gram_gap.level2 --out gap.png

``gram_gap.*`` is logged by GramGapHook, in any training.
"""

import argparse
import sys

import mmdegrade  # noqa: F401
from mmdegrade.apis import plot_curves


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR')
    parser.add_argument('--keys', nargs='+', default=['loss'], help='what to draw; default: loss')
    parser.add_argument('--out', required=True, help='picture to write: .png, .svg or .pdf')
    parser.add_argument('--labels', nargs='+', help="names of the lines; default: the folders'")
    parser.add_argument('--smooth', type=int, default=1, help='mean over so many logged points')
    parser.add_argument('--log', action='store_true', help='logarithmic values')
    args = parser.parse_args(argv)
    try:
        plot_curves(args.work_dirs, args.keys, args.out, args.labels, args.smooth, args.log)
    except (ValueError, OSError) as error:
        print(f'plot_curves: {error}', file=sys.stderr)
        return 2
    print(args.out)
    return 0


if __name__ == '__main__':
    sys.exit(main())
