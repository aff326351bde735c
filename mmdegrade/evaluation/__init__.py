"""Metrics."""

from .degrade_iou_metric import DegradeIoUMetric
from .loop_steps_metric import LoopStepsMetric
from .restoration_metric import RestorationMetric

__all__ = ['DegradeIoUMetric', 'LoopStepsMetric', 'RestorationMetric']
