"""Lowest mIoU that must be reached, for continuous integration: ``gblur:5=40``."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

_FORM = re.compile(r'(?:(?P<model>[^/]+)/)?(?P<kind>[\w.-]+)(?::(?P<degree>\d+))?=(?P<least>[^=]+)')


@dataclass(frozen=True)
class Floor:
    """mIoU that cells must reach.

    Args:
        text: As it was written.
        kind: ``clean``, a kind, or the name of a cell.
        degree: None: every degree of the kind.
        least: mIoU, percent.
        model: None: every model.
    """

    text: str
    kind: str
    degree: int | None
    least: float
    model: str | None = None

    def cells(self, grid) -> list:
        """The cells meant.

        Raises:
            ValueError: There is none: nothing would be checked.
        """
        found = [
            cell
            for cell in grid.cells
            if self.model in (None, cell.model)
            and self.kind in (cell.kind, cell.cell)
            and self.degree in (None, cell.degree)
        ]
        if not found:
            models, cells = grid.names, dict.fromkeys(cell.cell for cell in grid.cells)
            raise ValueError(
                f'--fail-below {self.text}: there is no such cell; models: {", ".join(models)}; '
                f'cells: {", ".join(cells)}'
            )
        return found


def parse_floor(text: str) -> Floor:
    """Read ``KIND:DEGREE=MIOU``, ``KIND=MIOU`` (all degrees) or ``MODEL/KIND:DEGREE=MIOU``.

    Raises:
        ValueError: Another form, or mIoU outside 0-100.
    """
    match = _FORM.fullmatch(text.strip())
    form = "allowed: 'gblur:5=40', 'clean=65', 'gblur=30' (every degree), 'MODEL/gblur:5=40'"
    if match is None:
        raise ValueError(f'--fail-below {text!r}; {form}')
    try:
        least = float(match['least'])
    except ValueError:
        raise ValueError(f'--fail-below {text!r}: mIoU is a number of percent; {form}') from None
    if not 0 <= least <= 100:
        raise ValueError(f'--fail-below {text!r}: mIoU is in percent, 0 to 100')
    degree = None if match['degree'] is None else int(match['degree'])
    return Floor(text.strip(), match['kind'], degree, least, match['model'])


def check_floors(grid, floors: Sequence[Floor]) -> list[str]:
    """Say which floors a grid misses: one sentence for each cell, with both numbers.

    Raises:
        ValueError: A floor means no cell of the grid.
    """
    missed = []
    for floor in floors:
        for cell in floor.cells(grid):
            if math.isnan(cell.mIoU) or cell.mIoU < floor.least:
                missed.append(
                    f'{cell.cell} of {cell.model}: mIoU {cell.mIoU:.2f} is below {floor.least:g}'
                )
    return missed
