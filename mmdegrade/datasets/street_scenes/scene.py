# SPDX-License-Identifier: Apache-2.0
"""What a street scene consists of: camera, street, buildings and objects, in metres."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .canvas import Camera


class Building(NamedTuple):
    """A box along the street: ``side`` -1 left or +1 right, ``x`` its street wall, metres."""

    side: int
    x: float
    near: float
    far: float
    height: float
    facade: int
    front_facade: int
    roof: int
    roof_height: float
    shift: float
    tint: tuple


class Item(NamedTuple):
    """An object on the ground at street (x, z); ``variant`` picks its sprite."""

    kind: str
    x: float
    z: float
    variant: int
    size: float
    turn: int
    tint: tuple


class Strip(NamedTuple):
    """A fence or hedge parallel to the street from ``near`` to ``far`` at ``x``."""

    kind: str
    x: float
    near: float
    far: float
    height: float
    variant: int
    tint: tuple


@dataclass
class Scene:
    """Everything :func:`render_street_scene` paints; lengths in metres, colours BGR.

    Attributes:
        camera: The camera.
        road: Width of the road; its axis is street X = 0.
        pavement: Widths of the left and the right pavement.
        road_kind, pavement_kind: Names of ground textures.
        verge: Whether grass follows the left and the right pavement.
        road_colour, pavement_colours: Mean BGR of the road and of the two pavements.
        marking: Kind of lane marks, 0 to 3 (3 is none).
        crossing: Street Z where a zebra crossing starts; -1 without one.
        side_street: (side -1 or +1, near Z, far Z); side 0 without one.
        sun: Shadow offset (X, Z) per metre of height.
        sunny: Whether things cast shadows.
        light: Three factors on the whole picture.
        sky: (kind 0 to 3, cloudiness 0 to 1, two offsets into the cloud tile).
        buildings, strips, items: What stands along the street.
        backdrop: Tuples (kind, camera x, width, camera z, height, variant, tint).
    """

    camera: Camera
    road: float
    pavement: tuple
    road_kind: str
    pavement_kind: str
    verge: tuple
    road_colour: np.ndarray
    pavement_colours: tuple
    marking: int
    crossing: float
    side_street: tuple
    sun: tuple
    sunny: bool
    light: np.ndarray
    sky: tuple
    buildings: list = field(default_factory=list)
    strips: list = field(default_factory=list)
    items: list = field(default_factory=list)
    backdrop: list = field(default_factory=list)
