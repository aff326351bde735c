"""Torch modules: networks, losses, and the wrappers that turn a segmentor into a method."""

from . import backbones, classifiers, decode_heads, discriminators, losses, segmentors  # noqa: F401
from .adversarial_restoration_model import AdversarialRestorationModel
from .cascade_restoration_model import CascadeRestorationModel
from .data_preprocessor import DegradeDataPreprocessor
from .restoration_model import RestorationModel
from .taps import FeatureTap
from .teacher import FrozenTeacher

__all__ = [
    'AdversarialRestorationModel',
    'CascadeRestorationModel',
    'DegradeDataPreprocessor',
    'FeatureTap',
    'FrozenTeacher',
    'RestorationModel',
]
