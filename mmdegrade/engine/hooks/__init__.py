"""Hooks."""

from .degradation import DegradationHook
from .ewc import EWCHook
from .finite_loss import FiniteLossHook
from .gram_gap import GramGapHook
from .norm_eval import NormEvalHook
from .random_state import RandomStateHook
from .visualization import DegradedVisualizationHook

__all__ = [
    'DegradationHook',
    'DegradedVisualizationHook',
    'EWCHook',
    'FiniteLossHook',
    'GramGapHook',
    'NormEvalHook',
    'RandomStateHook',
]
