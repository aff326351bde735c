"""Hooks."""

from .gram_gap import GramGapHook
from .norm_eval import NormEvalHook
from .random_state import RandomStateHook

__all__ = ['GramGapHook', 'NormEvalHook', 'RandomStateHook']
