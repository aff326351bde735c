"""Hooks."""

from .degradation import DegradationHook
from .gram_gap import GramGapHook
from .norm_eval import NormEvalHook
from .random_state import RandomStateHook
from .visualization import DegradedVisualizationHook

__all__ = [
    'DegradationHook',
    'DegradedVisualizationHook',
    'GramGapHook',
    'NormEvalHook',
    'RandomStateHook',
]
