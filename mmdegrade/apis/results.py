"""Results as the runner leaves them on disk, and tables of them."""

import math
from collections.abc import Sequence
from pathlib import Path

from .json_files import read_json


def find_test_metrics(folder) -> Path | None:
    """The metrics file of the latest finished test in a work dir, or None.

    ``tools/test.py --work-dir FOLDER`` writes ``FOLDER/<time>/<time>.json`` at its very end.
    """
    files = [p for p in Path(folder).glob('*/*.json') if p.stem == p.parent.name]
    return max(files, key=lambda path: path.stem, default=None)


def read_test_metrics(folder) -> dict[str, float]:
    """Metrics of the latest finished test in a work dir, e.g. ``{'mIoU': 61.2, 'aAcc': …}``.

    Raises:
        FileNotFoundError: No test has finished there.
        ValueError: The file holds something else; names it.
    """
    path = find_test_metrics(folder)
    if path is None:
        raise FileNotFoundError(
            f'{folder}: no finished test; run `python tools/test.py CONFIG CHECKPOINT --work-dir '
            f'{folder}`'
        )
    return read_json(path)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence]) -> str:
    """An aligned Markdown table; floats get one decimal, the first column is text.

    Raises:
        ValueError: A row has another length than the header.
    """

    def show(value) -> str:
        if isinstance(value, float):
            return f'{value:.1f}' if math.isfinite(value) else '–'
        return str(value)

    lines = [[show(value) for value in row] for row in (header, *rows)]
    if len({len(line) for line in lines}) > 1:
        raise ValueError(f'markdown_table: rows need {len(header)} values each, as the header has')
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells = [
        [line[0].ljust(widths[0]), *(v.rjust(w) for v, w in zip(line[1:], widths[1:], strict=True))]
        for line in lines
    ]
    rule = ['-' * widths[0], *('-' * (width - 1) + ':' for width in widths[1:])]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in (cells[0], rule, *cells[1:]))
