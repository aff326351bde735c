"""What the command lines call."""

from .curves import plot_curves, read_scalars
from .dataset_tree import tree_of_config, tree_of_folder
from .degrade_dataset import degrade_dataset
from .export import export_segmentor
from .fisher import estimate_fisher
from .pictures import draw_test_sheet
from .results import find_test_metrics, markdown_table, read_test_metrics
from .severity_grid import SeverityGrid, severity_grid
from .steps import Step, StepFailed, run_steps

__all__ = [
    'SeverityGrid',
    'Step',
    'StepFailed',
    'degrade_dataset',
    'draw_test_sheet',
    'estimate_fisher',
    'export_segmentor',
    'find_test_metrics',
    'markdown_table',
    'plot_curves',
    'read_scalars',
    'read_test_metrics',
    'run_steps',
    'severity_grid',
    'tree_of_config',
    'tree_of_folder',
]
