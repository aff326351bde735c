"""Datasets, samplers and pipeline transforms."""

from . import transforms  # noqa: F401
from .camvid import CamVidDataset
from .clean_images import CleanImageDataset
from .corrupt_files import TooManyCorruptFilesError
from .outdoor_seg import OutdoorSegDataset
from .paired_images import PairedImageDataset
from .rain_cityscapes import RainCityscapesDataset
from .real_haze import RealHazeDataset
from .samplers import KeyedIndex, KeyedSampler
from .street_scenes import StreetScenesDataset
from .sunrgbd import SUNRGBDDataset

__all__ = [
    'CamVidDataset',
    'CleanImageDataset',
    'KeyedIndex',
    'KeyedSampler',
    'OutdoorSegDataset',
    'PairedImageDataset',
    'RainCityscapesDataset',
    'RealHazeDataset',
    'SUNRGBDDataset',
    'StreetScenesDataset',
    'TooManyCorruptFilesError',
]
