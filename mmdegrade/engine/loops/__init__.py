"""Loops."""

from .degradation_test_loop import DegradationTestLoop
from .degradation_val_loop import DegradationValLoop
from .stage import Stage
from .staged_train_loop import StagedTrainLoop

__all__ = ['DegradationTestLoop', 'DegradationValLoop', 'Stage', 'StagedTrainLoop']
