"""Torch modules: networks, losses, and the wrappers that turn a segmentor into a method."""

from . import backbones, decode_heads, losses, segmentors  # noqa: F401
from .data_preprocessor import DegradeDataPreprocessor
from .taps import FeatureTap
from .teacher import FrozenTeacher

__all__ = ['DegradeDataPreprocessor', 'FeatureTap', 'FrozenTeacher']
