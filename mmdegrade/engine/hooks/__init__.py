"""Hooks."""

from .gram_gap import GramGapHook
from .norm_eval import NormEvalHook
from .random_state import RandomStateHook
from .visualization import DegradedVisualizationHook

__all__ = ['DegradedVisualizationHook', 'GramGapHook', 'NormEvalHook', 'RandomStateHook']
