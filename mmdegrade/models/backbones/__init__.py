"""Backbones that MMSegmentation does not ship."""

from .vgg16_fcn import VGG16_FCN_BLOCKS, VGG16FCN, vgg16_fcn_min_pad, vgg16_fcn_taps

__all__ = ['VGG16FCN', 'VGG16_FCN_BLOCKS', 'vgg16_fcn_min_pad', 'vgg16_fcn_taps']
