"""Datasets, samplers and pipeline transforms."""

from . import transforms  # noqa: F401
from .camvid import CamVidDataset
from .samplers import KeyedIndex, KeyedSampler
from .street_scenes import StreetScenesDataset

__all__ = ['CamVidDataset', 'KeyedIndex', 'KeyedSampler', 'StreetScenesDataset']
