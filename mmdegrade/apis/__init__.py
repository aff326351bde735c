"""What the command lines call."""

from .check_data import check_data
from .curves import plot_curves, read_scalars
from .dataset_tree import tree_of_config, tree_of_folder
from .degradation_matrix import DegradationMatrix, plan_matrix, read_matrix
from .degrade_dataset import degrade_dataset
from .export import export_segmentor
from .fisher import estimate_fisher
from .inference import Segmenter, segment
from .matrix_plot import plot_matrix
from .onnx_export import export_onnx
from .pictures import draw_test_sheet
from .results import find_test_metrics, markdown_table, read_test_metrics
from .severity_grid import SeverityGrid, severity_grid
from .steps import Step, StepFailed, run_steps

__all__ = [
    'DegradationMatrix',
    'Segmenter',
    'SeverityGrid',
    'Step',
    'StepFailed',
    'check_data',
    'degrade_dataset',
    'draw_test_sheet',
    'estimate_fisher',
    'export_onnx',
    'export_segmentor',
    'find_test_metrics',
    'markdown_table',
    'plan_matrix',
    'plot_curves',
    'plot_matrix',
    'read_matrix',
    'read_scalars',
    'read_test_metrics',
    'run_steps',
    'segment',
    'severity_grid',
    'tree_of_config',
    'tree_of_folder',
]
