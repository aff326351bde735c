"""How robust are models: mIoU under kinds × degrees of degradation, in one run.

    python tools/severity_grid.py CONFIG CHECKPOINT --preset imagenet-c --out work_dirs/grid
    python tools/severity_grid.py A.py a.pth B.py b.pth --kinds gblur awgn --degrees 1 3 5 \
        --out work_dirs/grid --reference A
    torchrun --nproc_per_node 4 tools/severity_grid.py CONFIG CHECKPOINT --preset dgn \
        --out work_dirs/grid --launcher pytorch
    python tools/severity_grid.py --compare old/results.json new/results.json --out both
    python tools/severity_grid.py CONFIG CHECKPOINT --kinds gblur --out grid \
        --fail-below gblur:5=40 clean=60
    PYTHONPATH=FOLDER python tools/severity_grid.py CONFIG CHECKPOINT --import my_kinds \
        --kinds my_kind --out grid

Any mmseg config and checkpoint will do. The numbers are those of tools/test.py run once for each
cell. A run that was stopped goes on where it was when the same command is given again. Exit status
1: a floor of --fail-below was missed; 2: something is wrong, and the message says what.
"""

import argparse
import sys
import time
from pathlib import Path

import mmdegrade  # noqa: F401  first: it makes the installed packages usable together
from mmdegrade.apis.severity_grid import (
    SeverityGrid,
    check_floors,
    choose_cells,
    compare,
    merge,
    parse_floor,
    severity_grid,
)
from mmdegrade.apis.severity_grid.keep_memory import keep_memory
from mmdegrade.apis.severity_grid.report import write_report
from mmdegrade.datasets.degradation_cells import cell_name
from mmdegrade.degradations import PRESETS
from mmdegrade.degradations.user_modules import import_modules
from mmdegrade.engine import launch


def parse(argv=None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('models', nargs='*', metavar='CONFIG CHECKPOINT', help='one or several pairs')
    add('--names', nargs='+', help='of the models; default: those of the configs')
    add('--preset', help=f'a published set: {", ".join(PRESETS)}')
    add('--kinds', nargs='+', help='default: all of the preset')
    add(
        '--import',
        nargs='+',
        default=[],
        dest='modules',
        metavar='MODULE',
        help='modules of yours that register kinds or presets, on the PYTHONPATH',
    )
    add('--degrees', nargs='+', type=int, help='default: all')
    add('--data', help='a config whose test data to use, or a data_root; default: the model’s own')
    add('--images', type=int, help='only the first so many')
    add('--out', type=Path, help='folder for results.json, report.html, pictures and the cache')
    add('--reference', help='model that CD and rCD refer to, or a results.json')
    add('--seed', type=int, help="of the noise; default: the config's, or 0")
    add('--ssim', action='store_true', help='also SSIM of the inputs (slow)')
    add('--strips', type=int, default=1, help='pictures of so many images, and the worst; 0: none')
    add('--plot', type=Path, help='picture of the curves to write, e.g. grid.png')
    add(
        '--jobs', type=int, help='processes that predict on a CPU; default: cores and memory decide'
    )
    add('--workers', type=int, help='processes that load and degrade, for each that predicts')
    add('--batch', type=int, default=1, help='cells at once; above 1 pixels may differ (see docs)')
    add('--device', help='default: the GPU, if there is one')
    add('--any-class-names', action='store_true', help='classes may be called otherwise')
    add(
        '--compare',
        nargs='+',
        metavar='RESULTS',
        help='results.json files to show side by side; --out also writes compare.html',
    )
    add('--metric', default='mIoU', help='of the tables: mIoU, mAcc, aAcc, psnr, ssim, or a class')
    add('--fail-below', nargs='+', default=[], metavar='KIND:DEGREE=MIOU', help='for CI')
    launch.add_common_arguments(parser)
    return parser.parse_args(argv)


def name_models(args) -> dict[str, tuple[str, str]]:
    """Pairs by name; configs of one name get that of the checkpoint or its folder too."""
    if not args.models or len(args.models) % 2:
        raise ValueError(
            f'give pairs of CONFIG CHECKPOINT (got {len(args.models)} arguments), or --compare'
        )
    pairs = list(zip(args.models[::2], args.models[1::2], strict=True))
    names = args.names
    if names is None:
        names = [Path(config).stem for config, _ in pairs]
        if len(set(names)) < len(names):
            names = [f'{n}-{Path(c).stem}' for n, (_, c) in zip(names, pairs, strict=True)]
        if len(set(names)) < len(names):
            names = [f'{n}-{place}' for place, n in enumerate(names, start=1)]
    if len(names) != len(pairs) or len(set(names)) < len(names):
        raise ValueError(f'--names {" ".join(names)}: {len(pairs)} different names are needed')
    return dict(zip(names, pairs, strict=True))


class Progress:
    """A bar with the time left; where there is no terminal, a line every half minute.

    Args:
        shown: Processes other than the first show nothing.
    """

    def __init__(self, shown: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        columns = (TextColumn('predictions'), BarColumn(), MofNCompleteColumn())
        self.bar = Bar(*columns, TimeRemainingColumn(), console=console)
        self.drawn = shown and console.is_terminal
        self.written = shown and not console.is_terminal
        self.task = self.bar.add_task('', total=None)
        self.first = None
        self.spoken = time.monotonic()

    def __enter__(self) -> 'Progress':
        if self.drawn:
            self.bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self.drawn:
            self.bar.stop()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        self.first = self.first or (now, done)  # loading the models does not count
        self.bar.update(self.task, completed=done, total=total)
        if self.written and (now - self.spoken > 30 or done == total):
            self.spoken = now
            left = (now - self.first[0]) * (total - done) / max(1, done - self.first[1])
            print(f'{done}/{total} predictions, {left / 60:.1f} min left', file=sys.stderr)


def start_processes(args) -> bool:
    """Start the processes' group if asked for; tell whether this is the first of them."""
    from mmengine.config import Config
    from mmengine.dist import get_rank, init_dist

    launch.export_local_rank(args)
    if args.launcher != 'none':
        cfg = Config(dict(launcher=args.launcher))
        if not launch.init_cpu_distributed(cfg):
            init_dist(args.launcher)
    return get_rank() == 0


def run(args) -> SeverityGrid | None:
    """Measure; the grid, on the first process."""
    models = name_models(args)
    floors = [parse_floor(text) for text in args.fail_below]
    if args.out is None:
        raise ValueError('--out is needed: the folder for the results')
    cells = choose_cells(args.kinds, args.degrees, args.preset)
    check_floors_early(floors, models, cells)
    reference, other = read_reference(args.reference, models)
    keep_memory()
    with Progress(shown=start_processes(args)) as progress:
        grid = severity_grid(
            models,
            args.data,
            cells=cells,
            out=args.out,
            images=args.images,
            seed=args.seed,
            workers=args.workers,
            jobs=args.jobs,
            batch=args.batch,
            device=args.device,
            ssim=args.ssim,
            strips=args.strips,
            reference=None if other else reference,
            cfg_options=args.cfg_options,
            same_names=not args.any_class_names,
            progress=progress,
        )
    if grid is not None and other is not None:
        grid.compute_robustness(reference, other)
        grid.write(args.out)
    return grid


def check_floors_early(floors, models, cells) -> None:
    """A floor that no cell will have stops the run before it starts."""
    for floor in floors:
        known = any(
            floor.kind in (cell['kind'], cell_name(cell))
            and floor.degree in (None, cell.get('degree'))
            for cell in cells
        )
        if not known or floor.model not in (None, *models):
            raise ValueError(
                f'--fail-below {floor.text}: there is no such cell; models: {", ".join(models)}; '
                f'cells: {", ".join(map(cell_name, cells))}'
            )


def read_reference(text: str | None, models):
    """Name of the reference, and the stored grid that it is in, if any."""
    if text is None or text in models:
        return text, None
    if not text.endswith('.json'):
        raise ValueError(
            f'--reference {text}: no such model; there are {", ".join(models)}; or name a '
            'results.json'
        )
    other = SeverityGrid.from_json(text)
    return other.names[0], other


def show_stored(args) -> SeverityGrid:
    """Tables of stored results; the last one is checked against floors."""
    grids = {}
    for path in args.compare:
        label = Path(path).parent.name if Path(path).name == 'results.json' else Path(path).stem
        label = label if label and label not in grids else str(path)
        grids[label] = SeverityGrid.from_json(path)
    last = grids[next(reversed(grids))]
    print(compare(grids, args.metric) if len(grids) > 1 else last.table(args.metric))
    if args.out is not None:
        # Its name leaves the report of a run in that folder alone.
        print(write_report(merge(grids, args.reference), args.out / 'compare.html'))
    return last


def main(argv=None) -> int:
    """Run; returns the exit status."""
    args = parse(argv)
    try:
        import_modules(args.modules)
        floors = [parse_floor(text) for text in args.fail_below]
        grid = show_stored(args) if args.compare else run(args)
        if grid is None:
            return 0
        if not args.compare:
            print(grid.table(args.metric))
            print(f'\n{args.out / "results.json"}\n{args.out / "report.html"}')
        if args.plot:
            grid.plot(args.plot, args.metric)
            print(args.plot)
        missed = check_floors(grid, floors)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f'severity_grid: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('severity_grid: stopped; the same command goes on where it was', file=sys.stderr)
        return 130
    for sentence in missed:
        print(f'severity_grid: {sentence}', file=sys.stderr)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
