"""Classifiers: what wraps those of MMPretrain, and what it lacks.

All are in MMEngine's root registry, so that nothing here needs MMPretrain until it is built.
"""

from .fidelity import FidelityClassifier
from .googlenet import AuxiliaryClsHead, GoogLeNet
from .pool_flatten import AdaptivePoolFlatten
from .restore_then_classify import RestoreThenClassify

__all__ = [
    'AdaptivePoolFlatten',
    'AuxiliaryClsHead',
    'FidelityClassifier',
    'GoogLeNet',
    'RestoreThenClassify',
]
