"""Decode heads that MMSegmentation does not ship."""

from .deeplabv2_head import DeepLabV2Head
from .dla_up_head import DLAUpHead
from .fcn8s_head import FCN8sHead, fcn8s_crop_offsets
from .refinenet_head import RefineNetHead

__all__ = ['DLAUpHead', 'DeepLabV2Head', 'FCN8sHead', 'RefineNetHead', 'fcn8s_crop_offsets']
