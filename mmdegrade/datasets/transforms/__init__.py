"""Pipeline transforms: degrade an image, restore it, keep the clean one beside it, pack both."""

from .degrade import Degrade
from .depth import LoadDepth
from .depth_ramp import DepthRamp
from .formatting import PackDegradeInputs
from .image_files import CorruptFileError, MissingFileError
from .load_clean import LoadCleanImage
from .loading import LoadImage, LoadMask
from .paired import SplitPair, StackPair
from .random_degrade import RandomDegrade
from .restore import Restore

__all__ = [
    'CorruptFileError',
    'Degrade',
    'DepthRamp',
    'LoadCleanImage',
    'LoadDepth',
    'LoadImage',
    'LoadMask',
    'MissingFileError',
    'PackDegradeInputs',
    'RandomDegrade',
    'Restore',
    'SplitPair',
    'StackPair',
]
