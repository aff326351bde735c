"""Backbones that MMSegmentation does not ship."""

from .dla import DLA, dla_unit_patterns
from .vgg16_deeplab import VGG16DeepLab, vgg16_deeplab_taps
from .vgg16_fcn import VGG16_FCN_BLOCKS, VGG16FCN, vgg16_fcn_min_pad, vgg16_fcn_taps

__all__ = [
    'DLA',
    'VGG16DeepLab',
    'VGG16FCN',
    'VGG16_FCN_BLOCKS',
    'dla_unit_patterns',
    'vgg16_deeplab_taps',
    'vgg16_fcn_min_pad',
    'vgg16_fcn_taps',
]
