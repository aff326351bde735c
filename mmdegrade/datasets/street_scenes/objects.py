# SPDX-License-Identifier: Apache-2.0
"""Painting the buildings and objects of a scene, farthest first."""

import numpy as np

from . import facades, people
from .atlas import atlas
from .classes import BICYCLIST, BUILDING, CAR, FENCE, PEDESTRIAN, POLE, SIGN, TREE


def _lit(scene, normal):
    """Brightness of a wall whose outward street normal is ``normal`` (x, z)."""
    if not scene.sunny:
        return 0.95
    # The sun vector points where shadows fall, so a wall facing against it is lit.
    facing = -(normal[0] * scene.sun[0] + normal[1] * scene.sun[1])
    return 0.95 + 0.3 * float(np.tanh(2 * facing))


def paint_building(canvas, scene, item):
    """Paint the street wall, the end wall facing the camera, and the roof of a building."""
    store, cam = atlas(), canvas.camera
    tint = np.array(item.tint)
    ppm = facades.PIXELS_PER_METRE
    a, b = cam.place(item.x, item.near), cam.place(item.x, item.far)
    back = cam.place(item.x + item.side * 11, item.near)
    street = tint * _lit(scene, (-item.side, 0))
    gable = tint * _lit(scene, (0, -1))
    canvas.plane(
        store.facades[item.facade], a, b, 0, item.height, BUILDING,
        scale=ppm, shift=item.shift, gain=street,
    )  # fmt: skip
    canvas.plane(
        store.facades[item.front_facade], a, back, 0, item.height, BUILDING,
        scale=ppm, shift=item.shift, gain=gable,
    )  # fmt: skip
    if item.roof_height > 0:
        low, high = item.height, item.height + item.roof_height
        slope = store.roofs[item.roof]
        canvas.plane(slope, a, b, low, high, BUILDING, scale=ppm, gain=street)
        canvas.plane(slope, a, back, low, high, BUILDING, scale=ppm, gain=gable)
        x, z = cam.place(item.x + item.side, item.near + 1.5)
        canvas.billboard(
            store.roofs[item.roof], x, z, 0.8, high - 0.2, high + 0.9, BUILDING,
            scale=ppm, gain=gable * 0.9,
        )  # fmt: skip


def paint_backdrop(canvas, scene, piece):
    """Paint one distant house or clump of trees that faces the camera."""
    kind, x, width, z, height, variant, tint = piece
    store = atlas()
    # Distance takes contrast away; the factor only brightens, haze is a degradation's business.
    gain = np.array(tint) * 0.95
    if kind == 'tree':
        mips = store.trees[variant % len(store.trees)]
        for k in range(3):
            canvas.billboard(
                mips, x + width * (k / 2.5 - 0.4), z, height, 0, height, TREE, gain=gain
            )
        canvas.billboard(
            store.hedges[variant % 6], x, z + 0.5, width * 1.2, 0, height * 0.5, TREE, gain=gain
        )
        return
    canvas.billboard(
        store.facades[variant % 30], x, z, width, 0, height, BUILDING,
        scale=facades.PIXELS_PER_METRE, gain=gain * _lit(scene, (0, -1)),
    )  # fmt: skip
    canvas.billboard(
        store.roofs[variant % 6], x, z, width, height, height + variant % 3, BUILDING,
        scale=facades.PIXELS_PER_METRE, gain=gain,
    )  # fmt: skip


def paint_strip(canvas, scene, strip):
    """Paint a fence (gaps count as fence, as CamVid labels them) or a hedge."""
    store, cam = atlas(), canvas.camera
    a, b = cam.place(strip.x, strip.near), cam.place(strip.x, strip.far)
    gain = np.array(strip.tint) * _lit(scene, (-np.sign(strip.x), 0))
    if strip.kind == 'fence':
        mips, label = store.fences[strip.variant % len(store.fences)], FENCE
    else:
        mips, label = store.hedges[strip.variant % len(store.hedges)], TREE
    # The sprite is 64 pixels tall whatever the height of the fence.
    canvas.plane(
        mips, a, b, 0, strip.height, label,
        scale=64 / strip.height, gain=gain, solid=label == FENCE,
    )  # fmt: skip


def _car(canvas, item):
    cam, car = canvas.camera, atlas().vehicles[item.variant]
    half = car.width / 2
    near, far = item.z, item.z + car.length
    inner = item.x - half if item.x > cam.offset else item.x + half
    if abs(item.x - cam.offset) > half:
        a, b = cam.place(inner, near), cam.place(inner, far)
        # Cars on the right drive away: their nose is at the far end of the side view.
        start, end = (a, b) if item.turn > 0 else (b, a)
        canvas.plane(car.side, start, end, 0, car.height, CAR)
    a, b = cam.place(item.x - half, near), cam.place(item.x + half, near)
    canvas.plane(car.rear if item.turn > 0 else car.front, a, b, 0, car.height, CAR)


def _pole(canvas, item, x, z):
    """A lamp post, a utility pole or traffic lights."""
    shade = (0.35, 0.6, 0.9, 1.3)[item.variant % 4]
    colour = np.array(item.tint) * shade * 128

    def bar(mid, width, bottom, top):
        canvas.billboard(colour, mid, z, width, bottom, top, POLE)

    thick = 0.13 + 0.012 * item.size
    if item.kind == 'signal':
        bar(x, 0.18, 0, 3.6)
        for arm in (0.0, 0.0) if item.variant % 3 else (0.0, 2.6 * item.turn):
            low = 2.3 if arm == 0 else 3.6
            if arm:
                bar(x + arm / 2, abs(arm), 3.55, 3.68)
            canvas.billboard((26, 26, 26), x + arm, z - 0.02, 0.42, low, low + 1.1, SIGN)
            on = item.variant % 3
            for k, glow in enumerate(((60, 50, 245), (40, 165, 245), (100, 240, 50))):
                lamp = glow if k == on else (45, 45, 45)
                top = low + 1.02 - 0.34 * k
                canvas.billboard(lamp, x + arm, z - 0.03, 0.24, top - 0.24, top, SIGN)
        return
    bar(x, thick, 0, item.size)
    if item.kind == 'lamp':
        reach = 1.3 * item.turn
        bar(x + reach / 2, abs(reach), item.size - 0.12, item.size)
        bar(x + reach, 0.6, item.size - 0.22, item.size - 0.02)
    else:
        for k in range(item.variant % 3):
            bar(x, 1.8, item.size - 0.4 - 0.6 * k, item.size - 0.28 - 0.6 * k)


def paint_item(canvas, scene, item):
    """Paint one object; its kind decides how. Unknown kinds raise ValueError."""
    store, cam = atlas(), canvas.camera
    if item.kind == 'car':
        _car(canvas, item)
        return
    x, z = cam.place(item.x, item.z)
    if z < 2.5:
        return
    gain = np.array(item.tint)
    if item.kind == 'tree':
        mips = store.trees[item.variant]
        canvas.billboard(mips, x, z, item.size * 0.82, 0, item.size, TREE, gain=gain)
    elif item.kind in ('lamp', 'pole', 'signal'):
        _pole(canvas, item, x, z)
    elif item.kind == 'sign':
        low = 1.9 + (item.variant % 5) * 0.12
        canvas.billboard(gain * 110, x, z, 0.12, 0, low + 0.2, POLE)
        mips = store.signs[item.variant % len(store.signs)]
        canvas.billboard(mips, x, z - 0.05, item.size, low, low + item.size, SIGN, gain=gain)
    elif item.kind == 'crossing_car':
        car = store.vehicles[item.variant]
        canvas.billboard(car.side, x, z, car.length, 0, car.height, CAR, gain=gain)
    elif item.kind in ('pedestrian', 'cyclist', 'cyclist_side'):
        sprites, (width, height), label = {
            'pedestrian': (store.pedestrians, people.PEDESTRIAN_SIZE, PEDESTRIAN),
            'cyclist': (store.cyclists_end, people.CYCLIST_END_SIZE, BICYCLIST),
            'cyclist_side': (store.cyclists_side, people.CYCLIST_SIDE_SIZE, BICYCLIST),
        }[item.kind]
        mips = sprites[item.variant % len(sprites)]
        size = item.size
        canvas.billboard(mips, x, z, width * size, 0, height * size, label, gain=gain)
    else:
        raise ValueError(f'item.kind={item.kind!r} is not an object this renderer knows')
