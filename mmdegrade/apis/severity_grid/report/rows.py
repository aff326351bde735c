"""How the cells of a grid lie in tables and charts: rows of degrees, weak to strong."""

import math
from dataclasses import dataclass, field

from ..cell_result import series_label


@dataclass
class Row:
    """Cells of one kind.

    Args:
        label: How to call it: the kind, with the preset where the grid has several.
        kind: The kind.
        free: Whether the levels are parameters of the user's own instead of published degrees.
        cells: Degree (or, if free, the parameters as in the cell's name) to the cell's name.
    """

    label: str
    kind: str
    free: bool = False
    cells: dict = field(default_factory=dict)


class Layout:
    """Rows and columns of a grid, those of all its models together.

    Args:
        grid (SeverityGrid): The grid.

    Attributes:
        rows (list[Row]): In the order of the grid.
        degrees (list[int]): That occur.
    """

    def __init__(self, grid) -> None:
        self.grid = grid
        self._cells = {(cell.model, cell.cell): cell for cell in grid.cells}
        self.presets = grid.presets
        several = len(self.presets) > 1
        rows: dict[tuple, Row] = {}
        for cell in grid.cells:
            if cell.is_clean:
                continue
            start, ending = cell.parts
            free = cell.degree is None
            # Two series of one kind may differ in what follows the degree: gblur_1_kernel_size5.
            key = (start, free, '' if free else ending)
            row = rows.setdefault(key, Row(series_label(cell, several), cell.kind, free))
            row.cells[(ending or 'once') if free else cell.degree] = cell.cell
        for row in rows.values():
            if not row.free:
                row.cells = dict(sorted(row.cells.items()))
        self.rows = list(rows.values())
        self.degrees = sorted({d for row in self.rows if not row.free for d in row.cells})

    def get(self, model: str, name: str):
        """The result of a model in a cell, None if it was not measured."""
        return self._cells.get((model, name))

    def value(self, model: str, name: str, metric: str = 'mIoU') -> float:
        """A number of a cell, NaN if there is none."""
        cell = self.get(model, name)
        value = None if cell is None else getattr(cell, metric)
        return math.nan if value is None else float(value)

    def clean(self, model: str) -> float:
        """mIoU on clean images."""
        return self.grid.cell('clean', model=model).mIoU

    def names(self) -> list[str]:
        """All degraded cells, row by row."""
        return [name for row in self.rows for name in row.cells.values()]

    def lines(self) -> list[tuple[str, dict]]:
        """Lines of a table kinds × degrees: label, and column to cell; None is the column of those
        without a degree."""
        found = []
        for row in self.rows:
            if row.free:
                found += [(f'{row.label} {level}', {None: c}) for level, c in row.cells.items()]
            else:
                found.append((row.label, row.cells))
        return found

    def columns(self) -> list:
        """Columns of such a table."""
        return self.degrees + [None] * any(row.free for row in self.rows)

    def title(self, name: str) -> str:
        """What to call a cell where no row says it: ``gblur 5``."""
        if name == 'clean':
            return name
        row, level = next(
            (row, level) for row in self.rows for level, cell in row.cells.items() if cell == name
        )
        return f'{row.label} {level}'


def column_title(degree) -> str:
    """Heading of a column."""
    return 'own' if degree is None else str(degree)
