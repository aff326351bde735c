# SPDX-License-Identifier: Apache-2.0
"""The camera and the canvas that textured upright planes are painted on with a depth test.

Coordinates. Street: X to the right of the road's axis, Y up, Z along the street, in metres.
Camera: x right, z forward; it looks level, so image columns are vertical in the world and the
horizon is one row. A horizon off the image's middle is what cropping a level photograph gives.
``depth`` is the distance along the optical axis (z), not along the ray.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

FAR = 200.0  # metres: the depth given to the sky, and the largest depth there is
NEAR = 0.5  # metres: nothing nearer is drawn


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera.

    Attributes:
        focal: Focal length in pixels.
        centre: Column of the optical axis.
        horizon: Row of the horizon.
        height: Height above the ground in metres.
        offset: Street X of the camera in metres.
        yaw: Angle between the optical axis and the street in radians, positive to the right.
    """

    focal: float
    centre: float
    horizon: float
    height: float
    offset: float
    yaw: float

    def ground_depth(self, rows):
        """Depth in metres of the ground seen at ``rows`` (pixels); ``FAR`` where there is none.

        Args:
            rows: Row numbers, any array; row ``r`` means the centre of pixel row ``r``.

        Returns:
            float32 array of the same shape, at most ``FAR``.
        """
        below = np.maximum(np.asarray(rows, np.float64) - self.horizon, 1e-6)
        return np.minimum(self.focal * self.height / below, FAR).astype(np.float32)

    def place(self, x, z):
        """Street (X, Z) to camera (x, z), both in metres."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        dx = x - self.offset
        return dx * c - z * s, dx * s + z * c

    def ground_matrix(self):
        """3x3 matrix from pixels (u, v, 1) to street ground (X, Z, 1) times 1/depth."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        f, u0, v0 = self.focal, self.centre, self.horizon
        x = np.array([1 / f, 0, -u0 / f])
        w = np.array([0, 1, -v0]) / (f * self.height)
        one = np.array([0, 0, 1.0])
        return np.stack([c * x + s * one + self.offset * w, -s * x + c * one, w])

    def ground_polygon(self, points):
        """Project street ground points (N, 2) to int32 pixels, clipped in front of the camera.

        Returns None when nothing of the polygon lies in front.
        """
        # Plain floats: for the few points of an outline NumPy's call overhead would dominate.
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        p = []
        for x, z in points:
            dx = float(x) - self.offset
            p.append((dx * cos - float(z) * sin, dx * sin + float(z) * cos))
        kept = []
        for (ax, az), (bx, bz) in zip(p, p[1:] + p[:1], strict=True):
            if az >= NEAR:
                kept.append((ax, az))
            if (az >= NEAR) != (bz >= NEAR):
                t = (NEAR - az) / (bz - az)
                kept.append((ax + (bx - ax) * t, NEAR))
        if len(kept) < 3:
            return None
        pixels = []
        for x, z in kept:
            u = self.centre + self.focal * x / z
            v = self.horizon + self.focal * self.height / z
            pixels.append((round(min(max(u, -30000), 30000)), round(min(v, 30000))))
        return np.array(pixels, np.int32)


_RAMP = np.repeat(np.arange(256, dtype=np.float32)[:, None], 4, 1)


def gain_table(gain, channels=3):
    """Lookup table (1, 256, channels) that multiplies BGR by ``gain`` and leaves alpha alone."""
    factors = np.ones(channels, np.float32)
    factors[:3] = gain
    return np.minimum(_RAMP[:, :channels] * factors, np.float32(255)).astype(np.uint8)[None]


class Canvas:
    """Image (uint8 BGR), mask (uint8) and depth (float32 metres) under construction."""

    def __init__(self, camera, size):
        height, width = size
        self.camera = camera
        self.height, self.width = height, width
        self.image = np.zeros((height, width, 3), np.uint8)
        self.mask = np.zeros((height, width), np.uint8)
        self.depth = np.full((height, width), FAR, np.float32)
        self._rows = np.arange(height, dtype=np.float32)[:, None]
        self._columns = np.arange(width, dtype=np.float32)[None]

    def plane(self, mips, start, end, bottom, top, label, *, scale=None, shift=0.0, gain=None,
              solid=False):  # fmt: skip
        """Paint an upright textured rectangle where it is nearer than what is there.

        Args:
            mips: Mipmap list, uint8 BGR or BGRA, the last texture row at ``bottom``; or one BGR
                colour (3 numbers, 0 to 255).
            start, end: Camera (x, z) of its two lower ends, metres.
            bottom, top: Heights above the ground, metres.
            label: Class number written to the mask.
            scale: Texture pixels per metre; the texture then repeats. None stretches the whole
                texture over the rectangle.
            shift: Offset along the plane in metres when the texture repeats.
            gain: Three factors on BGR, or None.
            solid: Label and depth cover the rectangle even where the texture is transparent.
        """
        cam = self.camera
        ox, oz = float(start[0]), float(start[1])
        dx, dz = float(end[0]) - ox, float(end[1]) - oz
        length = math.hypot(dx, dz)
        if length < 1e-3 or top <= bottom:
            return
        dx, dz = dx / length, dz / length
        lo, hi = 0.0, length
        if dz > 1e-9:
            lo = max(lo, (NEAR - oz) / dz)
        elif dz < -1e-9:
            hi = min(hi, (NEAR - oz) / dz)
        elif oz < NEAR:
            return
        k = dx * oz - dz * ox
        if lo >= hi or abs(k) < 1e-3:
            return
        f, u0, v0 = cam.focal, cam.centre, cam.horizon
        za, zb = oz + lo * dz, oz + hi * dz
        ua = u0 + f * (ox + lo * dx) / za
        ub = u0 + f * (ox + hi * dx) / zb
        left = max(math.ceil(min(ua, ub) - 0.5), 0)
        right = min(math.ceil(max(ua, ub) - 0.5), self.width)
        if left >= right:
            return
        rise, drop = f * (cam.height - top), f * (cam.height - bottom)
        first = max(math.ceil(v0 + min(rise / za, rise / zb) - 0.5), 0)
        last = min(math.ceil(v0 + max(drop / za, drop / zb) - 0.5), self.height)
        if first >= last:
            return
        region = (slice(first, last), slice(left, right))
        depth = self.depth[region]
        # 1/z is linear in the column: a plane in space is a plane in inverse depth.
        w_u, w_1 = -dz / (f * k), (dx + dz * u0 / f) / k
        if abs(dz) < 1e-9:
            z = oz
            seen = depth > np.float32(z)
        else:
            z = (1 / (self._columns[:, left:right] * w_u + w_1)).astype(np.float32)
            seen = z < depth
            rows = self._rows[first:last]
            seen &= rows >= v0 - 0.5 + rise / z
            seen &= rows < v0 - 0.5 + drop / z
        if not seen.any():
            return
        if not isinstance(mips, list):
            self.image[region][seen] = np.clip(mips, 0, 255).astype(np.uint8)
            np.copyto(self.mask[region], np.uint8(label), where=seen)
            np.copyto(depth, z, where=seen, casting='same_kind')
            return
        tex_h, tex_w = mips[0].shape[:2]
        px = scale if scale else tex_w / length
        py = scale if scale else tex_h / (top - bottom)
        z_mid = 1 / (w_u * (left + right - 1) / 2 + w_1)
        squeeze = (hi - lo) / max(abs(ub - ua), 1e-3) * px * (py * z_mid / f)
        # Between what the rows and what the columns ask for; half a level sharper than exact.
        level = round(0.5 * math.log2(max(squeeze, 1e-6)) - 0.15)
        texture = mips[min(max(level, 0), len(mips) - 1)]
        ry, rx = texture.shape[0] / tex_h * py, texture.shape[1] / tex_w * px
        # Rows of the matrix from pixels to (texture x, texture y, 1) times 1/z.
        along = ox * dx + oz * dz - shift
        s_u, s_1 = dx / f - along * w_u, dz - dx * u0 / f - along * w_1
        lift, tall = cam.height - bottom, texture.shape[0] - 0.5
        matrix = np.array(
            [
                [s_u * rx - 0.5 * w_u, 0.0, s_1 * rx - 0.5 * w_1],
                [(tall - lift * ry) * w_u, ry / f, (tall - lift * ry) * w_1 - ry * v0 / f],
                [w_u, 0.0, w_1],
            ]
        )
        matrix[:, 2] += matrix[:, 0] * left + matrix[:, 1] * first
        patch = cv2.warpPerspective(
            texture,
            matrix * z_mid,
            (right - left, last - first),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP if scale else cv2.BORDER_REPLICATE,
        )
        if gain is not None:
            patch = cv2.LUT(patch, gain_table(gain, patch.shape[2]))
        self._blend(region, patch, seen, z, label, solid)

    def _blend(self, region, patch, seen, z, label, solid):
        image = self.image[region]
        cover = seen
        if patch.shape[2] == 4:
            alpha = patch[..., 3]
            if not solid:
                cover = seen & (alpha > 127)
            # Soft edges: integer mix, so that every platform gives the same pixels.
            weight = (alpha * seen).astype(np.uint16)[..., None]
            mixed = patch[..., :3] * weight + image * (255 - weight)
            mixed += 128
            image[...] = (mixed + (mixed >> 8)) >> 8  # division by 255 to the nearest
        else:
            cv2.copyTo(patch, seen.view(np.uint8), image)
        np.copyto(self.mask[region], np.uint8(label), where=cover)
        np.copyto(self.depth[region], z, where=cover, casting='same_kind')

    def billboard(self, mips, x, z, width, bottom, top, label, **options):
        """Paint a rectangle that faces the camera, ``x`` its middle; see :meth:`plane`."""
        self.plane(mips, (x - width / 2, z), (x + width / 2, z), bottom, top, label, **options)
