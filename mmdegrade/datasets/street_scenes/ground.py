# SPDX-License-Identifier: Apache-2.0
"""Painting the ground: road, kerbs, pavements, verges, lane marks and cast shadows."""

import cv2
import numpy as np

from .atlas import GROUND_PIXELS_PER_METRE, atlas
from .canvas import FAR
from .classes import PAVEMENT, ROAD, TREE


def _surface(camera, kind, variant, first, size):
    """Grey texture of the ground for rows ``first`` and below, uint8; sharper levels nearer."""
    height, width = size
    mips = atlas().ground[kind][variant % 2]
    matrix = camera.ground_matrix()
    out = np.empty((height - first, width), np.uint8)
    depth = camera.ground_depth(np.arange(first, height))
    across = GROUND_PIXELS_PER_METRE * depth / camera.focal
    along = across * depth / camera.height
    level = 0.5 * (np.log2(across) + np.log2(along)) - 0.4
    level = np.clip(np.round(level), 0, len(mips) - 1).astype(int)
    for k in np.unique(level):
        rows = np.flatnonzero(level == k)
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        scale = GROUND_PIXELS_PER_METRE / 2.0**k
        shift = np.array([[1.0, 0, 0], [0, 1, first + top], [0, 0, 1]])
        m = np.diag([scale, scale, 1.0]) @ matrix @ shift
        out[top:bottom] = cv2.warpPerspective(
            mips[k],
            m,
            (width, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        )
    return out


def _band(distance, half, pixel):
    """Coverage 0..1 of a painted line of half width ``half`` at ``distance``, antialiased."""
    return np.clip((half - np.abs(distance)) / pixel + 0.5, 0, 1)


def _marks(scene, x, z, pixel):
    """Coverage of white paint on the road, float32."""
    half = scene.road / 2
    dashes = (z % 6.0) < 3.0 if scene.marking in (0, 2) else None
    paint = np.zeros_like(x)
    if scene.marking in (0, 1):
        paint = _band(x, 0.08, pixel) * (dashes if scene.marking == 0 else 1)
    if scene.marking == 2:
        paint = _band(np.abs(x) - half / 3, 0.08, pixel) * dashes
    if scene.marking in (1, 2):
        paint = np.maximum(paint, _band(np.abs(x) - (half - 0.35), 0.06, pixel))
    if scene.crossing > 0:
        inside = np.abs(z - scene.crossing - 1.5) < 1.5
        paint = np.where(inside, _band((x % 1.0) - 0.5, 0.25, pixel), paint)
    return paint


def paint_ground(canvas, scene, rng):
    """Paint colours, labels and depths of the ground below the horizon.

    Args:
        canvas: The :class:`~.canvas.Canvas` to paint on.
        scene: The :class:`~.scene.Scene`.
        rng: NumPy generator (texture variants).
    """
    cam = canvas.camera
    first = max(int(np.ceil(cam.horizon + cam.focal * cam.height / FAR)), 0)
    if first >= canvas.height:
        return
    size = (canvas.height, canvas.width)
    rows = np.arange(first, canvas.height, dtype=np.float32)
    depth = cam.ground_depth(rows)[:, None]
    m = cam.ground_matrix().astype(np.float32)
    u = np.arange(canvas.width, dtype=np.float32)[None]
    # Rows 0 and 1 of the matrix give X/z and Z/z.
    x = (m[0, 0] * u + (m[0, 1] * rows[:, None] + m[0, 2])) * depth
    z = (m[1, 0] * u + (m[1, 1] * rows[:, None] + m[1, 2])) * depth
    pixel = depth / cam.focal
    half = scene.road / 2
    side, near, far = scene.side_street
    is_road = np.abs(x) < half
    if side:
        is_road |= (x * side > 0) & (z > near) & (z < far)
    grey_road = _surface(cam, scene.road_kind, int(rng.integers(2)), first, size)
    grey_pave = _surface(cam, scene.pavement_kind, int(rng.integers(2)), first, size)
    grey = cv2.copyTo(grey_road, is_road.view(np.uint8), grey_pave)
    label = np.where(is_road, np.uint8(ROAD), np.uint8(PAVEMENT))
    colour_id = np.where(is_road, np.uint8(0), np.where(x < 0, np.uint8(1), np.uint8(2)))
    for index, sign in enumerate((-1, 1)):
        if scene.verge[index]:
            grass = (x * sign > half + scene.pavement[index] - 0.1) & ~is_road
            if grass.any():
                lawn = _surface(cam, 'grass', int(rng.integers(2)), first, size)
                cv2.copyTo(lawn, grass.view(np.uint8), grey)
                label[grass] = TREE
                colour_id[grass] = 3
    lawn_colour = np.array([45, 105, 90]) * rng.uniform(0.7, 1.25)
    colours = np.stack([scene.road_colour, *scene.pavement_colours, lawn_colour])
    ramp = np.arange(256, dtype=np.float32)[:, None, None] / 128
    table = np.clip(ramp * colours, 0, 255).astype(np.uint8).swapaxes(0, 1)
    flat = (colour_id.astype(np.intp) << 8) + grey
    image = np.take(table.reshape(-1, 3), flat, axis=0)
    paint = _marks(scene, x, z, pixel) * is_road * (0.55 + 0.3 * (grey / 128.0))
    kerb = np.maximum(_band(np.abs(x) - half - 0.09, 0.09, pixel) * ~is_road, 0)
    lighter = np.minimum(scene.pavement_colours[0] * 1.3, 240)
    for cover, tint in ((paint, np.array([205, 212, 215])), (kerb, lighter)):
        at = cover > 0.02
        weight = cover[at][:, None].astype(np.float32)
        image[at] = (image[at] * (1 - weight) + tint * weight).astype(np.uint8)
    gutter = is_road & (np.abs(x) > half - 0.14) & (np.abs(x) < half)
    image[gutter] = (image[gutter] * np.float32(0.72)).astype(np.uint8)
    canvas.image[first:] = image
    canvas.mask[first:] = label
    canvas.depth[first:] = np.broadcast_to(depth, label.shape)


def paint_shadows(canvas, scene, footprints):
    """Darken the ground under the shadows of ``footprints``.

    Args:
        canvas: The canvas, ground already painted and nothing else.
        scene: The scene (sun direction and whether it shines).
        footprints: List of (street points (N, 2), height in metres).
    """
    cam = canvas.camera
    first = max(int(cam.horizon), 0)
    shade = np.full((canvas.height - first, canvas.width), 255, np.uint8)
    sun = np.array(scene.sun)
    for points, height in footprints:
        points = np.asarray(points, np.float64)
        if scene.sunny:
            moved = points + sun * height
            hull = cv2.convexHull(np.concatenate([points, moved]).astype(np.float32))[:, 0]
            polygon = cam.ground_polygon(hull)
            if polygon is not None:
                cv2.fillPoly(shade, [polygon - (0, first)], 135)
    for points, height in footprints:
        if height < 2.5:  # contact shadow of low objects, whatever the weather
            polygon = cam.ground_polygon(points)
            if polygon is not None:
                cv2.fillPoly(shade, [polygon - (0, first)], 80)
    shade = cv2.blur(shade, (3, 3))
    part = canvas.image[first:]
    cv2.multiply(part, cv2.merge([shade, shade, shade]), dst=part, scale=1 / 255)
