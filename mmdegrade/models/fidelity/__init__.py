"""Fidelity calibration: modules and what its classifier and segmentor share."""

from .channel import ChannelCalibration
from .ensemble import FidelityEnsemble
from .fidelity_map import FidelityMap, cosine_map, l1_map, l2_map, map_statistics
from .spatial import SpatialCalibration, SpatialState

__all__ = [
    'ChannelCalibration',
    'FidelityEnsemble',
    'FidelityMap',
    'SpatialCalibration',
    'SpatialState',
    'cosine_map',
    'l1_map',
    'l2_map',
    'map_statistics',
]
