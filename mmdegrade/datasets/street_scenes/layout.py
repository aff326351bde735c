# SPDX-License-Identifier: Apache-2.0
"""Random street plans: where the camera, road, buildings and objects of one scene stand."""

import numpy as np

from .canvas import Camera
from .scene import Building, Item, Scene, Strip
from .textures import masonry_colour


def _tint(rng, spread):
    """Brightness and colour factors around one."""
    factors = rng.uniform(1 - spread, 1 + spread) * rng.normal(1, spread * 0.28, 3)
    return tuple(float(v) for v in factors)


def _ground_colour(rng, saturation):
    # Paving shares the walls' palette, less saturated.
    return masonry_colour(rng, saturation) * rng.uniform(0.75, 1.1)


def sample_camera(rng, size):
    """Draw a camera for an image of ``size`` (height, width)."""
    height, width = size
    return Camera(
        focal=width * rng.uniform(0.8, 1.25),
        centre=width * rng.uniform(0.38, 0.62),
        horizon=height * rng.uniform(0.37, 0.55),
        height=rng.uniform(1.2, 2.3),
        offset=0.0,
        yaw=rng.uniform(-0.14, 0.14),
    )


def sample_scene(rng, size):
    """Draw one :class:`Scene`.

    Args:
        rng: NumPy generator; the only source of randomness.
        size: Image (height, width) in pixels.
    """
    base = sample_camera(rng, size)
    road = rng.uniform(6.5, 11.5)
    pavement = (rng.uniform(1.3, 3.4), rng.uniform(1.3, 3.4))
    off = rng.uniform(-0.34, 0.34) * road
    if rng.random() < 0.08:
        off = float(rng.choice([-1, 1])) * (road / 2 + 0.7)
    camera = Camera(base.focal, base.centre, base.horizon, base.height, off, base.yaw)
    kinds = ('asphalt', 'worn', 'concrete', 'setts')
    road_kind = str(rng.choice(kinds, p=[0.52, 0.34, 0.08, 0.06]))
    paved = ('slabs', 'pavers', 'asphalt', 'worn', 'concrete')
    pavement_kind = str(rng.choice(paved, p=[0.46, 0.34, 0.06, 0.04, 0.10]))
    road_colour = _ground_colour(rng, 0.3)
    colour = _ground_colour(rng, 0.6)
    if rng.random() < 0.35:  # only the texture and the kerb tell the pavement from the road
        colour = road_colour * rng.uniform(0.9, 1.1)
    sunny = bool(rng.random() < 0.55)
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(0.4, 1.4)
    scene = Scene(
        camera=camera,
        road=road,
        pavement=pavement,
        road_kind=road_kind,
        pavement_kind=pavement_kind,
        verge=tuple(bool(rng.random() < 0.25) for _ in range(2)),
        road_colour=road_colour,
        pavement_colours=(colour, colour * rng.uniform(0.9, 1.1)),
        marking=int(rng.integers(4)),
        crossing=rng.uniform(8, 25) if rng.random() < 0.2 else -1.0,
        side_street=(0, 0.0, 0.0),
        sun=(float(reach * np.cos(angle)), float(reach * np.sin(angle))),
        sunny=sunny,
        light=np.array(_tint(rng, 0.16)) * (1.08 if sunny else 0.9),
        sky=(int(rng.integers(4)), float(rng.uniform(0.0, 1.0)), *rng.integers(0, 512, 2).tolist()),
    )
    if rng.random() < 0.35:
        near = rng.uniform(9, 30)
        scene.side_street = (int(rng.choice([-1, 1])), near, near + rng.uniform(6, 10))
    for index, side in enumerate((-1, 1)):
        _side_of_street(rng, scene, side, pavement[index])
    _backdrop(rng, scene)
    _traffic(rng, scene)
    return scene


def _side_of_street(rng, scene, side, pavement):
    kerb = scene.road / 2
    edge = kerb + pavement
    suburb = rng.random() < 0.42
    low, high = (2.8, 6.5) if suburb else (5.0, 14.5)
    setback = rng.uniform(2.0, 5.0) if suburb else 0.0
    z = rng.uniform(-4, 6)
    while z < 85:
        gap = rng.random() < (0.4 if suburb else 0.2)
        length = rng.uniform(3, 12) if gap else rng.uniform(6, 15)
        if (
            scene.side_street[0] == side
            and z < scene.side_street[2]
            and z + length > (scene.side_street[1])
        ):
            length = max(scene.side_street[1] - z, 0.0)
            gap = gap or length < 3
        if gap:
            for _ in range(int(rng.integers(0, 3))):
                x = side * (edge + setback + rng.uniform(2, 6))
                _add(rng, scene, 'tree', x, z + length / 2, 22, rng.uniform(4, 9))
        else:
            pitched = rng.random() < (0.8 if suburb else 0.4)
            scene.buildings.append(
                Building(
                    side,
                    side * (edge + setback + rng.uniform(0, 0.4)),
                    z,
                    z + length,
                    rng.uniform(low, high),
                    int(rng.integers(30)),
                    int(rng.integers(30)),
                    int(rng.integers(6)),
                    rng.uniform(1.0, 2.6) if pitched else 0.0,
                    rng.uniform(0, 12),
                    _tint(rng, 0.22),
                )
            )
        z += length
        if scene.side_street[0] == side and abs(z - scene.side_street[1]) < 3.01:
            z = scene.side_street[2]
    _boundary(rng, scene, side, edge, suburb)
    _furniture(rng, scene, side, kerb, pavement)


def _boundary(rng, scene, side, edge, suburb):
    """Fences and hedges along the outer edge, railings along the kerb."""
    z = rng.uniform(1, 8)
    if suburb or rng.random() < 0.2:
        while z < 60:
            length = rng.uniform(5, 14)
            if scene.side_street[0] != side or not (
                z < scene.side_street[2] and z + length > scene.side_street[1]
            ):
                kind = str(rng.choice(['fence', 'hedge', 'none'], p=[0.66, 0.16, 0.18]))
                if kind != 'none':
                    x = side * (edge - 0.05)
                    tall = rng.uniform(1.0, 1.9)
                    scene.strips.append(
                        Strip(
                            kind, x, z, z + length, tall, int(rng.integers(1000)), _tint(rng, 0.2)
                        )
                    )
            z += length
    elif rng.random() < 0.35:
        near = rng.uniform(3, 15)
        far = near + rng.uniform(5, 15)
        x = side * (edge - rng.uniform(0.2, 0.5))
        scene.strips.append(
            Strip('fence', x, near, far, 1.1, int(rng.integers(1000)), _tint(rng, 0.2))
        )


def _add(rng, scene, kind, x, z, variants, size=1.0, turn=0):
    scene.items.append(Item(kind, x, z, int(rng.integers(variants)), size, turn, _tint(rng, 0.2)))


def _furniture(rng, scene, side, kerb, pavement):
    """Street trees, lamp posts, signs and walkers on one pavement."""
    if rng.random() < 0.55:
        z, step = rng.uniform(5, 14), rng.uniform(7, 15)
        while z < 75:
            if rng.random() < 0.8:
                _add(rng, scene, 'tree', side * (kerb + 0.6), z, 22, rng.uniform(3.8, 7.5))
            z += step * rng.uniform(0.8, 1.2)
    z, step = rng.uniform(4, 16), rng.uniform(14, 28)
    while z < 48:
        kind = str(rng.choice(['lamp', 'pole', 'signal'], p=[0.55, 0.3, 0.15]))
        _add(rng, scene, kind, side * (kerb + 0.35), z, 1000, rng.uniform(5, 8.5), -side)
        z += step
    for _ in range(int(rng.integers(1, 4))):
        z = rng.uniform(5, 26)
        _add(rng, scene, 'sign', side * (kerb + 0.4), z, 1000, rng.uniform(0.75, 1.3))
    for _ in range(int(rng.poisson(1.8))):
        x = side * (kerb + rng.uniform(0.3, max(pavement - 0.3, 0.5)))
        _add(rng, scene, 'pedestrian', x, rng.uniform(4.2, 20), 20, rng.uniform(0.9, 1.05))


def _backdrop(rng, scene):
    """Distant houses and trees that close the view."""
    street_end = rng.uniform(45, 95)
    x = -120.0
    while x < 120.0:
        width = rng.uniform(8, 22)
        kind = 'tree' if rng.random() < 0.5 else 'building'
        height = rng.uniform(5, 11) if kind == 'tree' else rng.uniform(5, 15)
        scene.backdrop.append(
            (
                kind,
                x,
                width,
                street_end + rng.uniform(0, 25),
                height,
                int(rng.integers(1000)),
                _tint(rng, 0.2),
            )
        )
        x += width * rng.uniform(0.75, 1.0)


def _traffic(rng, scene):
    """Parked and moving cars, cyclists and people crossing."""
    half = scene.road / 2
    for side in (-1, 1):
        if rng.random() < 0.5:
            z = rng.uniform(4, 14)
            while z < 60:
                if rng.random() < 0.55:
                    _add(rng, scene, 'car', side * (half - 1.1), z, 28, 1.0, side)
                z += rng.uniform(5.6, 9)
    for _ in range(int(rng.integers(0, 3))):
        side = int(rng.choice([-1, 1]))
        _add(rng, scene, 'car', side * half * 0.42, rng.uniform(9, 55), 28, 1.0, side)
    if rng.random() < 0.15:
        z = rng.uniform(11, 28)
        _add(rng, scene, 'crossing_car', rng.uniform(-6, 6), z, 28, 1.0, 1)
    for _ in range(int(rng.poisson(1.2))):
        side = int(rng.choice([-1, 1]))
        across = rng.random() < 0.4
        kind = 'cyclist_side' if across else 'cyclist'
        x = rng.uniform(-half, half) if across else side * (half - rng.uniform(0.6, 2.4))
        _add(rng, scene, kind, x, rng.uniform(4.5, 16), 40, rng.uniform(0.95, 1.05))
    if rng.random() < 0.4:
        x = rng.uniform(-half, half)
        _add(rng, scene, 'pedestrian', x, rng.uniform(5.5, 18), 20, rng.uniform(0.9, 1.05))
