"""Decode heads that MMSegmentation does not ship."""

from .fcn8s_head import FCN8sHead, fcn8s_crop_offsets

__all__ = ['FCN8sHead', 'fcn8s_crop_offsets']
