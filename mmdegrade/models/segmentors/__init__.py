"""Segmentors that wrap any mmseg segmentor."""

from .dense_gram import DenseGramSegmentor

__all__ = ['DenseGramSegmentor']
