"""Use a trained model on pictures and videos."""

from .segment import segment
from .segmenter import Segmentation, Segmenter
from .sources import find_sources
from .writer import ResultWriter

__all__ = ['ResultWriter', 'Segmentation', 'Segmenter', 'find_sources', 'segment']
