"""Pictures of data and predictions: plain functions on NumPy arrays, nothing registered."""

from .sheet import colour_mask, prediction_sheet

__all__ = ['colour_mask', 'prediction_sheet']
