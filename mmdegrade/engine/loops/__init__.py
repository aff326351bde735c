"""Loops."""

from .degradation_test_loop import DegradationTestLoop
from .stage import Stage
from .staged_train_loop import StagedTrainLoop

__all__ = ['DegradationTestLoop', 'Stage', 'StagedTrainLoop']
