"""Train at each level of a degradation, test at each: Fig. 1 of UBCN's supplement.

UBCN (joint deraining and segmentation) trains PSPNet on Cityscapes under rain (0, 50, 150, 250
mm/hr), pepper noise, haze and Gaussian noise, four levels each, the clean image among them. Its
observation: under rain and pepper mIoU falls with the test level whatever the network was trained
on; under haze and noise a network does best at the level it was trained on. (Their "haze" is the
kind ``fog``, whose levels are scattering coefficients.)

Each training and each test is a command of its own (`Step`), so a run that is stopped goes on where
it was; one test run measures all levels (``DegradationTestLoop``). Decision: the clean-trained
network is trained once for all kinds.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mmengine.config import Config

from mmdegrade.datasets.degradation_cells import cell_name
from mmdegrade.degradations import get_series

from .results import find_test_metrics, markdown_table, read_test_metrics
from .steps import Step

#: Kinds of the supplement, and what it says about each.
FALLS = ('rain', 'pepper')
PEAKS = ('fog', 'awgn')
KINDS = (*FALLS, *PEAKS)


@dataclass(frozen=True)
class DegradationMatrix:
    """mIoU of networks trained and tested at each level of one degradation.

    Args:
        kind: Name of the degradation.
        parameter: What differs between the levels, e.g. 'intensity'.
        levels: Its values as text; the first is 'clean'.
        miou: Rows: trained at; columns: tested at; percent.
    """

    kind: str
    parameter: str
    levels: tuple[str, ...]
    miou: tuple[tuple[float, ...], ...]

    def falls(self) -> list[bool]:
        """For each training level: mIoU never rises with the test level."""
        return [all(a >= b for a, b in zip(row, row[1:], strict=False)) for row in self.miou]

    def peaks(self) -> list[bool]:
        """For each training level: mIoU is highest at the test level of the same name."""
        return [max(row) == row[place] for place, row in enumerate(self.miou)]

    def best_trained(self) -> list[bool]:
        """For each test level: the network that was trained at it is the best there."""
        return [max(c) == c[place] for place, c in enumerate(zip(*self.miou, strict=True))]

    def verdict(self) -> str:
        """Whether the supplement's observation holds, in a sentence."""
        n = len(self.levels)
        falls, peaks, best = (sum(x) for x in (self.falls(), self.peaks(), self.best_trained()))
        found = (
            f'mIoU falls with the test level in {falls} of {n} rows, is highest at the training '
            f'level in {peaks} of {n}; at {best} of {n} test levels the network trained there is '
            'the best.'
        )
        if self.kind in FALLS:
            holds, said = falls == n, 'falls monotonically with the test level'
        elif self.kind in PEAKS:
            holds, said = peaks == n, 'is highest on the diagonal'
        else:
            return found
        return (
            f'The supplement says that mIoU {said}: {"holds" if holds else "does not hold"}. '
            + found
        )

    def table(self) -> str:
        """Markdown."""
        header = (f'{self.kind}: trained \\ tested', *self.levels)
        rows = zip(self.levels, self.miou, strict=True)
        return markdown_table(header, [(level, *map(float, row)) for level, row in rows])

    def to_dict(self) -> dict:
        """For JSON, with what the supplement's observation asks."""
        return dict(asdict(self), falls=self.falls(), peaks=self.peaks())


def level_cells(kind: str, preset: str | None = 'ubcn') -> list[dict]:
    """Clean, then every degree of a kind, as arguments of ``Degrade``.

    Raises:
        ValueError: Unknown kind or preset.
    """
    named = dict(kind=kind) if preset is None else dict(kind=kind, preset=preset)
    degrees = len(get_series(kind, preset).levels)
    return [dict(kind='clean'), *(dict(named, degree=d + 1) for d in range(degrees))]


def _levels(kind: str, preset: str | None) -> tuple[str, tuple[str, ...]]:
    """Name of the parameter that differs between the degrees, and its values."""
    series = get_series(kind, preset)
    params = [series.params(degree + 1) for degree in range(len(series.levels))]
    varying = [key for key in params[0] if len({str(one[key]) for one in params}) > 1]
    if len(varying) == 1:
        return varying[0], ('clean', *(f'{one[varying[0]]:g}' for one in params))
    return 'degree', ('clean', *(str(degree + 1) for degree in range(len(params))))


def _shorten(cfg: Config, iterations: int | None) -> tuple[int, dict]:
    """Iterations of a training, and what a shorter one changes in its config.

    Raises:
        ValueError: A config that is not counted in iterations.
    """
    train_cfg = cfg.get('train_cfg') or {}
    if 'max_iters' not in train_cfg:
        raise ValueError(
            f'{cfg.filename}: train_cfg.max_iters is not set; the matrix needs a config that '
            'trains a plain segmentor by iterations (IterBasedTrainLoop)'
        )
    whole = train_cfg['max_iters']
    if iterations is None or iterations == whole:
        return whole, {}
    schedulers = [dict(one) for one in cfg.get('param_scheduler') or ()]
    for one in schedulers:
        for key in ('begin', 'end'):
            if key in one:
                one[key] = round(one[key] * iterations / whole)
        if 'milestones' in one:
            one['milestones'] = [round(m * iterations / whole) for m in one['milestones']]
    shorter = dict(max_iters=iterations, val_interval=iterations)
    return iterations, dict(train_cfg=shorter, param_scheduler=schedulers)


def write_config(path: Path, base: str, **changes) -> None:
    """Write a config that changes another one; an equal one is left as it is."""
    lines = [
        f'_base_ = {str(Path(base).resolve())!r}',
        *(f'{k} = {v!r}' for k, v in changes.items()),
    ]
    text = '\n'.join(lines) + '\n'
    if not path.is_file() or path.read_text(encoding='utf-8') != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


def plan_matrix(
    config: str,
    work_dir: Path,
    command: Callable[..., list[str]],
    kinds: Sequence[str] = KINDS,
    preset: str | None = 'ubcn',
    iterations: int | None = None,
    seed: int = 0,
) -> list[Step]:
    """All trainings and tests of the matrices of some kinds.

    Args:
        config (str): File of a config that trains a segmentor on clean images; its pipelines have
            a ``Degrade`` without a kind.
        work_dir (Path): Holds everything: ``clean/``, ``rain_1/``, …, each with its tests.
        command (Callable): ``command('train', arguments…)`` gives a tool's command line.
        kinds, preset: Which degradations, in which levels.
        iterations (int, optional): Of each training. Defaults to the config's.
        seed (int): Of all trainings.

    Raises:
        ValueError: Unknown kinds, a config without a degradation or not counted in iterations.
    """
    cfg = Config.fromfile(config)
    if 'degradation' not in cfg:
        raise ValueError(
            f"{config}: no top-level `degradation`; add degradation = dict(kind='clean') and a "
            "dict(type='Degrade') to its pipelines"
        )
    last, shorter = _shorten(cfg, iterations)
    steps: dict[str, Step] = {}
    for kind in kinds:
        cells = level_cells(kind, preset)
        for cell in cells:
            name = cell_name(cell).replace(':', '_')
            folder, train = work_dir / name, f'train {name}'
            checkpoint = folder / f'iter_{last}.pth'
            common = dict(shorter, randomness=dict(seed=seed))
            if train not in steps:
                written = folder / 'train.py'
                write_config(written, config, degradation=dict(cell, _delete_=True), **common)
                resume = ['--resume'] if (folder / 'last_checkpoint').is_file() else []
                steps[train] = Step(
                    train,
                    command('train', written, *resume, '--work-dir', folder),
                    folder / 'train.log',
                    checkpoint.is_file,
                    seconds=300,
                )
            tests, out = folder / f'test_{kind}.py', folder / f'test_{kind}'
            loop = dict(_delete_=True, type='DegradationTestLoop', cells=cells)
            write_config(
                tests, config, degradation=dict(_delete_=True, kind='clean'), test_cfg=loop
            )
            steps[f'test {name} on {kind}'] = Step(
                f'test {name} on {kind}',
                command('test', tests, checkpoint, '--work-dir', out),
                out / 'test.log',
                lambda out=out: find_test_metrics(out) is not None,
                needs=(train,),
                seconds=60,
            )
    return list(steps.values())


def read_matrix(work_dir: Path, kind: str, preset: str | None = 'ubcn') -> DegradationMatrix:
    """Gather what the tests of a kind have left.

    Raises:
        FileNotFoundError: A test has not finished.
        ValueError: A test measured other cells, or its file holds no mIoU of them; names it.
    """
    cells = [cell_name(cell) for cell in level_cells(kind, preset)]
    rows = []
    for name in cells:
        folder = work_dir / name.replace(':', '_') / f'test_{kind}'
        found = read_test_metrics(folder)
        row = [found.get(f'{cell}/mIoU') for cell in cells]
        # NaN: nothing that the dataset labels occurs.
        if not all(isinstance(miou, (int, float)) and not abs(miou) > 100 for miou in row):
            raise ValueError(f'{find_test_metrics(folder)} has no mIoU of {", ".join(cells)}')
        rows.append(tuple(map(float, row)))
    parameter, levels = _levels(kind, preset)
    return DegradationMatrix(kind, parameter, levels, tuple(rows))


def write_atomically(path: Path, value: dict) -> None:
    """JSON that is never half written."""
    part = path.with_suffix('.part')
    part.write_text(json.dumps(value, indent=2) + '\n', encoding='utf-8')
    part.replace(path)
