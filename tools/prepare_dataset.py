"""Unpack, convert and check a dataset that you downloaded: voc, sunrgbd, camvid, cityscapes, …

    python tools/prepare_dataset.py voc
    python tools/prepare_dataset.py voc --archive ~/Downloads
    python tools/prepare_dataset.py cityscapes --archive leftImg8bit_trainvaltest.zip \
        gtFine_trainvaltest.zip
    python tools/prepare_dataset.py camvid --check

Nothing is downloaded: without --archive, it tells what to get from where and whose licence holds.
Nothing is overwritten: an interrupted run goes on, and on a finished dataset it only checks.
Exit status 2: something is missing or wrong, and the message says what.
"""

import argparse
import sys

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

import mmdegrade  # noqa: F401
from mmdegrade.apis.prepare import RECIPES, check_counts, get_recipe, prepare_dataset
from mmdegrade.apis.prepare.prepare import out_folder
from mmdegrade.apis.prepare.recipe import instructions


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', metavar='NAME', help=', '.join(RECIPES))
    parser.add_argument(
        '--archive', nargs='+', default=[], metavar='PATH', help='downloaded files, or their folder'
    )
    parser.add_argument('--out', help='folder to write; default: the one that the configs name')
    parser.add_argument('--check', action='store_true', help='only check what is in --out')
    return parser.parse_args(argv)


def run(args) -> dict[str, int]:
    """Do what was asked for; give the counts."""
    recipe = get_recipe(args.name)
    out = out_folder(recipe, args.out)
    if args.check or (not args.archive and out.is_dir()):
        try:
            return check_counts(recipe, out)
        except (ValueError, OSError) as error:
            how = instructions(recipe, list(recipe.archives))
            raise type(error)(f'{error}\n{how}') from error
    columns = TextColumn('{task.description}'), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeRemainingColumn()) as progress:
        tasks = {}

        def report(what: str, done: float) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=1.0)
            progress.update(tasks[what], completed=done)

        return prepare_dataset(recipe, args.archive, out, report)


def main(argv=None) -> int:
    args = parse(argv)
    try:
        counts = run(args)
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    out = out_folder(get_recipe(args.name), args.out)
    print(
        f'{args.name} in {out}: ' + ', '.join(f'{key} {value:,}' for key, value in counts.items())
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
