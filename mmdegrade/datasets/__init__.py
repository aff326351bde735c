"""Datasets, samplers and pipeline transforms."""

from . import transforms  # noqa: F401
from .camvid import CamVidDataset
from .real_haze import RealHazeDataset
from .samplers import KeyedIndex, KeyedSampler
from .street_scenes import StreetScenesDataset
from .sunrgbd import SUNRGBDDataset

__all__ = [
    'CamVidDataset',
    'KeyedIndex',
    'KeyedSampler',
    'RealHazeDataset',
    'SUNRGBDDataset',
    'StreetScenesDataset',
]
