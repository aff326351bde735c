"""The severity grid: mIoU of models over kinds × degrees of degradation, in one run."""

from .api import severity_grid
from .choice import choose_cells
from .compare import compare, merge
from .floors import Floor, check_floors, parse_floor
from .result import SCHEMA, CellResult, SeverityGrid
from .robustness import (
    Robustness,
    corruption_degradation,
    relative_corruption_degradation,
    robustness,
)

__all__ = [
    'SCHEMA',
    'CellResult',
    'Floor',
    'Robustness',
    'SeverityGrid',
    'check_floors',
    'choose_cells',
    'compare',
    'corruption_degradation',
    'merge',
    'parse_floor',
    'relative_corruption_degradation',
    'robustness',
    'severity_grid',
]
