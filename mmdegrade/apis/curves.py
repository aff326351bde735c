"""Curves of what training logged: losses, the Gram gap, learning rates."""

from pathlib import Path

import numpy as np

from mmdegrade.degradations.parameters import suggest

from .json_files import parse_json


def read_scalars(work_dir) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Everything the runs in a work dir logged while training.

    A resumed run writes a file of its own; the files are joined, and where they overlap the later
    one counts.

    Args:
        work_dir: Folder of one training; ``<time>/vis_data/scalars.json`` inside is read.

    Returns:
        dict: Key -> (iterations, values), sorted by iteration.

    Raises:
        FileNotFoundError: Nothing was logged there.
        ValueError: A line holds something else; names file and line.
    """
    files = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    if not files:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/scalars.json; train with LocalVisBackend (the default)'
        )
    curves: dict[str, dict[int, float]] = {}
    for file in files:
        lines = file.read_bytes().split(b'\n')[:-1]  # what follows the last end was cut short
        for number, line in enumerate(lines, start=1):
            row = parse_json(line, f'{file}, line {number}')
            if not isinstance(row, dict):
                raise ValueError(f'{file}, line {number} holds {type(row).__name__}, no values')
            if not _is_whole(row.get('iter')):
                continue  # a validation result
            for key, value in row.items():
                known = isinstance(value, float) or _is_whole(value)
                if known and key not in ('iter', 'step', 'epoch'):
                    curves.setdefault(key, {})[row['iter']] = value
    return {
        key: (np.array(sorted(points)), np.array([points[i] for i in sorted(points)]))
        for key, points in curves.items()
    }


def _is_whole(value) -> bool:
    return isinstance(value, int) and abs(value) < 2**63


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean over the last ``width`` values (fewer at the start), of the same length."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def plot_curves(work_dirs, keys, out, labels=None, smooth: int = 1, log: bool = False) -> None:
    """Draw one panel for each key, one line in it for each work dir that logged it.

    Args:
        work_dirs: Folders of trainings.
        keys: What to draw, e.g. ``gram_gap.level2`` or ``decode.loss_ce``.
        out: Picture to write (``.png``, ``.svg``, ``.pdf``).
        labels: Names of the lines; the folders' names by default.
        smooth: Running mean over so many logged points.
        log: Logarithmic value axis.

    Raises:
        FileNotFoundError: A work dir without log.
        ValueError: A key that no work dir logged, or labels in another number than work dirs.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    runs = [read_scalars(folder) for folder in work_dirs]
    labels = labels or [Path(folder).name for folder in work_dirs]
    if len(labels) != len(runs):
        raise ValueError(f'{len(labels)} labels for {len(runs)} work dirs')
    for key in keys:
        if not any(key in run for run in runs):
            logged = sorted({name for run in runs for name in run})
            raise ValueError(
                f'no work dir logged {key!r}.{suggest(key, logged)} Logged are: {", ".join(logged)}'
            )
    size = (6.4, 3.2 * len(keys))
    figure, panels = pyplot.subplots(len(keys), 1, figsize=size, squeeze=False, sharex=True)
    for panel, key in zip(panels[:, 0], keys, strict=True):
        for label, run in zip(labels, runs, strict=True):
            if key in run:
                panel.plot(run[key][0], running_mean(run[key][1], smooth), label=label, linewidth=1)
        panel.set_ylabel(key)
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
        if log:
            panel.set_yscale('log')
    panels[-1, 0].set_xlabel('iteration')
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150, bbox_inches='tight')
    pyplot.close(figure)
