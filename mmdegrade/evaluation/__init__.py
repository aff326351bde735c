"""Metrics."""

from .degrade_iou_metric import DegradeIoUMetric
from .restoration_metric import RestorationMetric

__all__ = ['DegradeIoUMetric', 'RestorationMetric']
