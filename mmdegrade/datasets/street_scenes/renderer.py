# SPDX-License-Identifier: Apache-2.0
"""Rendering one street scene: image, mask and depth from a (seed, index) pair."""

import cv2
import numpy as np

from .atlas import atlas
from .canvas import FAR, Canvas
from .classes import SKY
from .ground import paint_ground, paint_shadows
from .layout import sample_scene
from .objects import paint_backdrop, paint_building, paint_item, paint_strip

# Counted up whenever the pixels of any scene change; cached files carry it in their folder name.
RENDERER_VERSION = 1


def _generator(seed, index):
    """SFC64 generator seeded from both numbers; checks them."""
    for name, value in (('seed', seed), ('index', index)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise TypeError(f'{name}={value!r} must be an integer')
        if value < 0:
            raise ValueError(f'{name}={value} must not be negative')
    return np.random.Generator(np.random.SFC64((int(seed), int(index))))


def check_size(size):
    """Return ``size`` as two integers (height, width); ValueError unless each is 32..4096."""
    if len(size) != 2 or min(size) < 32 or max(size) > 4096:
        raise ValueError(f'size={size!r} must be (height, width), each 32 to 4096 pixels')
    return int(size[0]), int(size[1])


def street_scene_layout(seed, index, size=(240, 320)):
    """The plan of a scene (camera, street, objects) that :func:`render_street_scene` paints.

    Args:
        seed: Stream of scenes, an integer of at least 0.
        index: Number of the scene in its stream, an integer of at least 0.
        size: Image (height, width) in pixels.

    Returns:
        Scene: ``scene.camera`` holds focal length, horizon row, height and yaw.
    """
    return sample_scene(_generator(seed, index), check_size(size))


def _paint_sky(canvas, scene):
    kind, cloudiness, dx, dy = scene.sky
    rows = min(int(canvas.camera.horizon) + 2, canvas.height)
    if rows <= 0:
        return
    zenith = np.array([(215, 150, 85), (205, 195, 190), (190, 165, 140), (225, 205, 190)][kind])
    low = np.array([(235, 220, 200), (225, 222, 220), (200, 205, 215), (235, 230, 228)][kind])
    t = np.linspace(0, 1, (rows + 1) // 2, dtype=np.float32)[:, None]
    # Clouds flatten towards the horizon: sample the tile along 1 / (distance to the horizon).
    # Half the resolution is enough for something this smooth.
    x = np.arange(0, canvas.width, 2, dtype=np.float32)[None] - canvas.camera.centre
    far = 1 / (1.25 - t)
    map_x = x * far * (0.9 * 320 / canvas.width) + np.float32(dx)
    map_y = np.broadcast_to(far * 190 + np.float32(dy), map_x.shape).copy()
    noise = cv2.remap(atlas().clouds, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    cover = np.clip((noise + (2.4 * cloudiness - 1.4)) * 0.7, 0, 0.95)[..., None]
    clear = (zenith * (1 - t) + low * t).astype(np.float32)[:, None]
    white = 242 - (45 * cloudiness) * np.clip(noise - 0.6, 0, 1)[..., None]
    image = (clear + (white - clear) * cover).astype(np.uint8)
    canvas.image[:rows] = cv2.resize(image, (canvas.width, rows), interpolation=cv2.INTER_LINEAR)


def _footprints(scene):
    """Ground outlines and heights of what casts a shadow."""
    out = []
    for b in scene.buildings:
        far = b.x + b.side * 11
        out.append(([(b.x, b.near), (b.x, b.far), (far, b.far), (far, b.near)], b.height))
    store = atlas()
    half = {'lamp': 0.1, 'pole': 0.12, 'signal': 0.1, 'sign': 0.08, 'cyclist': 0.25}
    for item in scene.items:
        x, z = item.x, item.z
        if z > 45:  # a shadow this far off is less than a row of pixels
            continue
        if item.kind == 'car':
            car = store.vehicles[item.variant]
            w, d, tall = car.width / 2, car.length, car.height
        elif item.kind == 'crossing_car':
            car = store.vehicles[item.variant]
            w, d, tall = car.length / 2, 1.6, car.height
        elif item.kind == 'tree':
            w, d, tall = 0.2, 0.3, item.size * 0.5
            crown = np.linspace(0, 2 * np.pi, 9)[:-1]
            circle = np.stack([np.cos(crown), np.sin(crown)], 1) * item.size * 0.33
            shift = np.array(scene.sun) * item.size * 0.6 if scene.sunny else 0
            if scene.sunny:
                out.append((circle + (x, z) + shift, 2.6))
        else:
            w = half.get(item.kind, 0.28)
            d, tall = 2 * w, 1.7 if item.kind in ('pedestrian', 'cyclist') else item.size
        out.append(([(x - w, z), (x + w, z), (x + w, z + d), (x - w, z + d)], tall))
    return out


def _develop(canvas, scene, rng):
    """Light, tone curve, a lens's slight softness and mild sensor noise; returns uint8 BGR."""
    image = cv2.GaussianBlur(canvas.image, (3, 3), 0.45)
    ramp = np.arange(256, dtype=np.float32)[:, None] / 255
    gamma = rng.uniform(0.85, 1.2)
    table = 255 * np.clip(ramp**gamma * scene.light.astype(np.float32), 0, 1)
    image = cv2.LUT(image, np.round(table).astype(np.uint8)[None])
    noise = atlas().noise
    # A random window of a fixed noise tile: much cheaper than fresh normal numbers.
    dy, dx = (int(v) for v in rng.integers(0, 256, 2))
    rows = np.arange(dy, dy + canvas.height) % 512
    columns = np.arange(dx, dx + canvas.width) % 512
    if rows[-1] > rows[0] and columns[-1] > columns[0]:
        window = noise[dy : dy + canvas.height, dx : dx + canvas.width]
    else:
        window = noise[rows[:, None], columns[None]]
    strength = int(rng.integers(8, 40))  # over 16: a deviation of 0.5 to 2.4 grey levels
    grains = (window * np.int16(strength) + np.int16(256)) >> 9
    return np.clip(image + grains, 0, 255).astype(np.uint8)


def render_street_scene(seed, index, size=(240, 320)):
    """Render one street scene with the eleven CamVid classes.

    The pixels depend on ``seed``, ``index`` and ``size`` only, not on the process, the order of
    calls or any global random state.

    Args:
        seed: Stream of scenes, an integer of at least 0.
        index: Number of the scene in its stream, an integer of at least 0.
        size: Image (height, width) in pixels, each 32 to 4096.

    Returns:
        tuple: ``image`` uint8 ``H x W x 3`` BGR 0..255, ``mask`` uint8 ``H x W`` with labels
        0..10 (every pixel is labelled; 255 is never used) and ``depth`` float32 ``H x W``:
        metres along the optical axis, 200 for the sky. On the ground
        ``depth = focal * height / (row - horizon)`` with the camera of
        :func:`street_scene_layout`. See-through gaps of fences take the fence's label and depth.

    Raises:
        TypeError: ``seed`` or ``index`` is not an integer.
        ValueError: One of them is negative, or ``size`` is out of range.
    """
    size = check_size(size)
    rng = _generator(seed, index)
    scene = sample_scene(rng, size)
    canvas = Canvas(scene.camera, size)
    canvas.mask[:] = SKY
    _paint_sky(canvas, scene)
    paint_ground(canvas, scene, rng)
    paint_shadows(canvas, scene, _footprints(scene))
    place = scene.camera.place
    # Opaque walls near to far: the depth test skips what is hidden before it costs anything.
    walls = [(piece[3], paint_backdrop, piece) for piece in scene.backdrop if piece[0] != 'tree']
    walls += [(place(b.x, b.near)[1], paint_building, b) for b in scene.buildings]
    for _, paint, thing in sorted(walls, key=lambda job: job[0]):
        paint(canvas, scene, thing)
    # The rest far to near, so that soft edges mix with what is really behind them.
    soft = [(piece[3], paint_backdrop, piece) for piece in scene.backdrop if piece[0] == 'tree']
    soft += [(place(s.x, s.near)[1], paint_strip, s) for s in scene.strips]
    soft += [(place(i.x, i.z)[1], paint_item, i) for i in scene.items]
    for _, paint, thing in sorted(soft, key=lambda job: -job[0]):
        paint(canvas, scene, thing)
    np.minimum(canvas.depth, np.float32(FAR), out=canvas.depth)
    return _develop(canvas, scene, rng), canvas.mask, canvas.depth
