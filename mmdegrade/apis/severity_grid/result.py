"""The result of a grid: every cell of every model, and what can be made of it.

``results.json`` holds the same, by the names of these attributes; ``docs/severity_grid.md``
describes it. `SCHEMA` changes when a name or a meaning does.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from mmengine.fileio import put_text

from . import tables
from .robustness import Robustness, robustness

SCHEMA = 'mmdegrade.severity_grid/1'
RESULTS = 'results.json'


@dataclass
class CellResult:
    """One model under one degradation. Percentages are not rounded; NaN for what does not occur.

    Args:
        model: Name of the model.
        cell: Name of the cell: ``clean``, ``gblur_5``, ``imagenet-c:fog_3``.
        kind, degree, preset: What was asked for; degree and preset may be None.
        params: Every parameter of the degradation.
        seed: Of its random draws.
        images: Number of images.
        mIoU, mAcc, aAcc: Mean IoU, mean accuracy of classes, accuracy of pixels, percent.
            Rounded to two decimals, these are the numbers of ``tools/test.py``.
        IoU, Acc: Of each class, percent.
        pixels: Counts of each class over all images: ``intersect``, ``union``, ``predicted``,
            ``labelled``.
        psnr: Mean over images of the PSNR of the degraded image in dB; None for clean.
        ssim: The same of SSIM; None where it was not asked for.
        worst: The image of lowest mIoU by itself: ``dict(image=…, mIoU=…)``.
    """

    model: str
    cell: str
    kind: str
    degree: int | None
    preset: str | None
    params: dict
    seed: int
    images: int
    mIoU: float
    mAcc: float
    aAcc: float
    IoU: dict[str, float]
    Acc: dict[str, float]
    pixels: dict[str, list[int]]
    psnr: float | None = None
    ssim: float | None = None
    worst: dict = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was done to the images."""
        return self.kind == 'clean'


@dataclass
class SeverityGrid:
    """mIoU of models over kinds and degrees of degradation.

    Args:
        models: For each model ``dict(name, config, checkpoint, sha256, key)``.
        dataset: ``dict(type, data_root, images, fingerprint, classes, palette)``.
        cells: Results, model by model, clean first.
        settings: Of the run: ``batch``, ``ssim``, ``device``.
        versions: Of the libraries.
        robustness: Name of a model to its :class:`Robustness` as a dict.
        reference: Whom CD and rCD refer to, or None.
        strips: Pictures; see :mod:`.strips`.
        schema: Version of this layout.
    """

    models: list[dict]
    dataset: dict
    cells: list[CellResult]
    settings: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    robustness: dict[str, dict] = field(default_factory=dict)
    reference: str | None = None
    strips: list[dict] = field(default_factory=list)
    schema: str = SCHEMA

    @property
    def names(self) -> list[str]:
        """Names of the models."""
        return [model['name'] for model in self.models]

    def of(self, model: str | None = None) -> list[CellResult]:
        """Cells of a model (of the only or first one if not named).

        Raises:
            ValueError: No such model.
        """
        model = self.names[0] if model is None else model
        if model not in self.names:
            raise ValueError(f'there is no model {model!r}; there are {", ".join(self.names)}')
        return [cell for cell in self.cells if cell.model == model]

    def cell(self, kind: str, degree: int | None = None, model: str | None = None) -> CellResult:
        """A cell by kind and degree, or by its name.

        Raises:
            ValueError: No such cell.
        """
        cells = self.of(model)
        for cell in cells:
            if cell.cell == kind or (cell.kind, cell.degree) == (kind, degree):
                return cell
        wanted = kind if degree is None else f'{kind}:{degree}'
        raise ValueError(
            f'there is no cell {wanted}; there are {", ".join(cell.cell for cell in cells)}'
        )

    def series(self, model: str | None = None) -> dict[str, list[CellResult]]:
        """Degraded cells of a model, by kind, weak to strong."""
        found: dict[str, list[CellResult]] = {}
        for cell in self.of(model):
            if not cell.is_clean:
                found.setdefault(cell.kind, []).append(cell)
        for row in found.values():
            row.sort(key=lambda cell: (cell.degree is None, cell.degree or 0))
        return found

    def scores(self, model: str | None = None) -> tuple[float, dict[str, list[float]]]:
        """mIoU on clean images, and of each kind over its degrees."""
        rows = self.series(model)
        return self.cell('clean', model=model).mIoU, {
            kind: [cell.mIoU for cell in row] for kind, row in rows.items()
        }

    def compute_robustness(self, reference: str | None = None, other=None) -> dict[str, Robustness]:
        """Sum the models up, and keep it as ``self.robustness``.

        Args:
            reference: Name of the model whom CD and rCD refer to; None: neither is computed.
            other (SeverityGrid): Where the reference is, if not here.

        Raises:
            ValueError: No such model, other images, or other cells.
        """
        theirs = (None, None)
        if reference is not None:
            grid = self if other is None else other
            if grid.dataset['fingerprint'] != self.dataset['fingerprint']:
                raise ValueError(
                    f'the reference {reference} was tested on other images '
                    f'({grid.dataset["images"]} of {grid.dataset["type"]}) than these models '
                    f'({self.dataset["images"]} of {self.dataset["type"]})'
                )
            theirs = grid.scores(reference)
        found = {name: robustness(*self.scores(name), *theirs) for name in self.names}
        self.robustness = {name: one.to_dict() for name, one in found.items()}
        self.reference = reference
        return found

    def table(self, metric: str = 'mIoU') -> str:
        """Markdown tables: for each model kinds × degrees, then the models beside each other."""
        return tables.table(self, metric)

    def to_csv(self, path=None) -> str:
        """One line for each model and cell, as text; also written to ``path``."""
        return _write(tables.csv_text(self), path)

    def plot(self, path=None, metric: str = 'mIoU'):
        """Curves over the degrees and a heat map; needs matplotlib. See :func:`.plots.plot`."""
        from .plots import plot

        return plot(self, path, metric)

    def to_json(self, path=None) -> str:
        """This object as JSON text, NaN as null; also written to ``path``."""
        return _write(_json(_plain(asdict(self))), path)

    def write(self, folder) -> None:
        """Write ``results.json``, ``results.csv`` and ``report.html`` into the folder of a run.

        Raises:
            OSError: They cannot be written; earlier ones stay as they are.
        """
        from .report import write_report

        self.to_csv(Path(folder) / 'results.csv')
        self.to_json(Path(folder) / RESULTS)
        write_report(self, Path(folder) / 'report.html')

    @classmethod
    def from_json(cls, path) -> 'SeverityGrid':
        """Read ``results.json``.

        Raises:
            FileNotFoundError: It is not there.
            ValueError: It is not such a file, or of another version.
        """
        try:
            found = json.loads(Path(path).read_text(encoding='utf-8'))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f'{path} is not JSON: {error}') from error
        schema = found.get('schema') if isinstance(found, dict) else None
        if schema != SCHEMA:
            raise ValueError(f'{path} has schema {schema!r}; this version reads {SCHEMA!r}')
        known = {one.name for one in fields(cls)}
        missing = {'models', 'dataset', 'cells'} - found.keys()
        if missing:
            raise ValueError(f'{path} lacks {", ".join(sorted(missing))}')
        cells = [_cell(cell) for cell in found.pop('cells')]
        return cls(cells=cells, **{key: value for key, value in found.items() if key in known})


def _cell(found: dict) -> CellResult:
    for name in ('IoU', 'Acc'):
        found[name] = {key: _number(value) for key, value in found[name].items()}
    for name in ('mIoU', 'mAcc', 'aAcc'):
        found[name] = _number(found[name])
    return CellResult(**found)


def _number(value) -> float:
    return math.nan if value is None else value


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(child) for key, child in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _json(found: dict) -> str:
    """JSON with a line for each model, cell and strip: to read, and to compare by ``diff``."""
    parts = []
    for name, value in found.items():
        text = json.dumps(value, allow_nan=False)
        if isinstance(value, list) and value:
            lines = ',\n  '.join(json.dumps(one, allow_nan=False) for one in value)
            text = f'[\n  {lines}\n ]'
        parts.append(f' {json.dumps(name)}: {text}')
    return '{\n' + ',\n'.join(parts) + '\n}\n'


def _write(text: str, path) -> str:
    if path is not None:
        put_text(text, str(path))  # atomic
    return text
