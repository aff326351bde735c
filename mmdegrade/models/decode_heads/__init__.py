"""Decode heads that MMSegmentation does not ship."""

from .deeplabv2_head import DeepLabV2Head
from .dla_up_head import DLAUpHead
from .fcn8s_head import FCN8sHead, fcn8s_crop_offsets
from .fidelity_calibration_head import FidelityCalibrationHead
from .hrnetv2_head import HRNetV2Head
from .refinenet_head import RefineNetHead

__all__ = [
    'DLAUpHead',
    'DeepLabV2Head',
    'FCN8sHead',
    'FidelityCalibrationHead',
    'HRNetV2Head',
    'RefineNetHead',
    'fcn8s_crop_offsets',
]
