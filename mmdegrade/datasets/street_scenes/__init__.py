# SPDX-License-Identifier: Apache-2.0
"""StreetScenes: procedural street scenes with the eleven CamVid classes, no download."""

from .classes import CLASSES, PALETTE
from .dataset import StreetScenesDataset, read_depth
from .renderer import RENDERER_VERSION, render_street_scene, street_scene_layout

__all__ = [
    'CLASSES',
    'PALETTE',
    'RENDERER_VERSION',
    'StreetScenesDataset',
    'read_depth',
    'render_street_scene',
    'street_scene_layout',
]
