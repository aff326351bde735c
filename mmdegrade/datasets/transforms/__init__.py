"""Pipeline transforms: degrade an image, restore it, keep the clean one beside it, pack both."""

from .degrade import Degrade
from .depth import LoadDepth
from .formatting import PackDegradeInputs
from .load_clean import LoadCleanImage
from .loading import LoadImage, LoadMask
from .paired import SplitPair, StackPair
from .random_degrade import RandomDegrade
from .restore import Restore

__all__ = [
    'Degrade',
    'LoadCleanImage',
    'LoadDepth',
    'LoadImage',
    'LoadMask',
    'PackDegradeInputs',
    'RandomDegrade',
    'Restore',
    'SplitPair',
    'StackPair',
]
