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

from ..json_files import parse_json
from . import tables
from .cell_result import CellResult, series_label
from .robustness import Robustness, robustness
from .stored import check_stored, stored_cell

SCHEMA = 'mmdegrade.severity_grid/1'
RESULTS = 'results.json'


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
        """Degraded cells of a model, by kind, weak to strong.

        Cells of one kind and degree that differ in preset or parameters are in different series,
        which these name too.
        """
        found: dict[str, list[CellResult]] = {}
        several = len(self.presets) > 1
        for cell in self.of(model):
            if not cell.is_clean:
                found.setdefault(series_label(cell, several), []).append(cell)
        for row in found.values():
            row.sort(key=lambda cell: (cell.degree is None, cell.degree or 0))
        return found

    @property
    def presets(self) -> list[str | None]:
        """Presets of the degraded cells, None for those without."""
        return list(dict.fromkeys(cell.preset for cell in self.cells if not cell.is_clean))

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
            ValueError: No such model, other images, or cells that the reference lacks.
        """
        grid = self if other is None else other
        if reference is not None:
            if grid.dataset['fingerprint'] != self.dataset['fingerprint']:
                raise ValueError(
                    f'the reference {reference} was tested on other images '
                    f'({grid.dataset["images"]} of {grid.dataset["type"]}) than these models '
                    f'({self.dataset["images"]} of {self.dataset["type"]})'
                )
        found = {}
        for name in self.names:
            theirs = () if reference is None else self._scores_of(grid, reference, name)
            found[name] = robustness(*self.scores(name), *theirs)
        self.robustness = {name: one.to_dict() for name, one in found.items()}
        self.reference = reference
        return found

    def _scores_of(self, grid: 'SeverityGrid', reference: str, model: str) -> tuple[float, dict]:
        """``scores`` of the reference in the cells that a model has."""
        known = {cell.cell: cell.mIoU for cell in grid.of(reference)}
        rows = self.series(model)
        lacking = [cell.cell for row in rows.values() for cell in row if cell.cell not in known]
        if lacking:
            raise ValueError(
                f'the reference {reference} was not tested under {", ".join(lacking)}: it needs '
                'every cell of the models'
            )
        return known['clean'], {kind: [known[c.cell] for c in row] for kind, row in rows.items()}

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
        found = parse_json(Path(path).read_bytes(), str(path))
        schema = found.get('schema') if isinstance(found, dict) else None
        if schema != SCHEMA:
            raise ValueError(f'{path} has schema {schema!r}; this version reads {SCHEMA!r}')
        known = {one.name for one in fields(cls)}
        missing = {'models', 'dataset', 'cells'} - found.keys()
        if missing:
            raise ValueError(f'{path} lacks {", ".join(sorted(missing))}')
        try:
            check_stored(found)
            names = [model['name'] for model in found['models']]
            if not isinstance(found['cells'], list):
                raise ValueError('cells is no list')
            classes = found['dataset']['classes']
            cells = [stored_cell(cell, names, classes) for cell in found.pop('cells')]
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error
        return cls(cells=cells, **{key: value for key, value in found.items() if key in known})


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
