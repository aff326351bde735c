"""Segmentors that wrap any mmseg segmentor."""

from .dense_gram import DenseGramSegmentor
from .fidelity import FidelitySegmentor
from .restore_then_segment import RestoreThenSegment
from .sdabn import SDABNSegmentor
from .ubcn import UBCNSegmentor

__all__ = [
    'DenseGramSegmentor',
    'FidelitySegmentor',
    'RestoreThenSegment',
    'SDABNSegmentor',
    'UBCNSegmentor',
]
