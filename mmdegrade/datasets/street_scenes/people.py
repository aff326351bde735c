# SPDX-License-Identifier: Apache-2.0
"""Pedestrians, cyclists and traffic signs as BGRA sprites."""

import cv2
import numpy as np

PEDESTRIAN_SIZE = (0.9, 1.8)  # width, height in metres
CYCLIST_SIDE_SIZE = (1.8, 1.8)
CYCLIST_END_SIZE = (0.8, 1.8)
_SCALE = 128  # drawing pixels a metre
_FINAL = 64  # sprite pixels a metre


class _Pen:
    """Draws the same shape into the colours and into the coverage of a sprite."""

    def __init__(self, size):
        self.image = np.full((int(size[1] * _SCALE), int(size[0] * _SCALE), 3), 90, np.uint8)
        self.alpha = np.zeros(self.image.shape[:2], np.uint8)
        self.size = size

    def at(self, x, y):
        """Metres (x from the middle, y up from the ground) to pixels."""
        return int((x + self.size[0] / 2) * _SCALE), int((self.size[1] - y) * _SCALE)

    def line(self, a, b, width, colour):
        thick = max(int(width * _SCALE), 1)
        cv2.line(self.image, self.at(*a), self.at(*b), tuple(map(float, colour)), thick)
        cv2.line(self.alpha, self.at(*a), self.at(*b), 255, thick)

    def ellipse(self, centre, radii, colour, cover=255, thick=-1.0):
        r = (max(int(radii[0] * _SCALE), 1), max(int(radii[1] * _SCALE), 1))
        t = -1 if thick < 0 else max(int(thick * _SCALE), 1)
        cv2.ellipse(self.image, self.at(*centre), r, 0, 0, 360, tuple(map(float, colour)), t)
        cv2.ellipse(self.alpha, self.at(*centre), r, 0, 0, 360, cover, t)

    def polygon(self, points, colour):
        p = np.array([self.at(*q) for q in points], np.int32)
        cv2.fillPoly(self.image, [p], tuple(map(float, colour)))
        cv2.fillPoly(self.alpha, [p], 255)

    def sprite(self, rng):
        h, w = (int(v * _FINAL) for v in self.size[::-1])
        image = cv2.resize(self.image, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
        alpha = cv2.resize(self.alpha, (w, h), interpolation=cv2.INTER_AREA)
        x = np.linspace(1.15, 0.8, w, dtype=np.float32)[None, :, None]
        folds = rng.normal(1, 0.07, (h // 3 + 1, w // 3 + 1)).astype(np.float32)
        image *= x * cv2.resize(folds, (w, h), interpolation=cv2.INTER_LINEAR)[..., None]
        return np.dstack([np.clip(image, 0, 255).astype(np.uint8), alpha])


_SKIN = ((150, 180, 225), (120, 150, 200), (70, 100, 150), (45, 65, 95))


def _clothes(rng):
    if rng.random() < 0.5:
        return np.full(3, rng.uniform(25, 130)) + rng.normal(0, 8, 3)
    bright = rng.uniform(20, 230, 3)
    return bright.mean() + rng.choice([0.4, 0.6, 1.0]) * (bright - bright.mean())


def _head(pen, rng, x, y):
    skin, hair = _SKIN[int(rng.integers(4))], rng.uniform(10, 90, 3)
    pen.ellipse((x, y + 0.02), (0.105, 0.135), hair)
    pen.ellipse((x + 0.02, y - 0.03), (0.075, 0.1), skin)
    return skin


def pedestrian(rng):
    """One walker, uint8 BGRA, :data:`PEDESTRIAN_SIZE` metres at 64 pixels a metre."""
    pen = _Pen(PEDESTRIAN_SIZE)
    top, legs = _clothes(rng), _clothes(rng) * 0.7
    stride = rng.uniform(0.03, 0.28)
    for foot in (-stride, stride):
        knee = foot * 0.55 + 0.04
        pen.line((foot * 0.25, 0.88), (knee, 0.48), 0.15, legs)
        pen.line((knee, 0.48), (foot, 0.08), 0.12, legs)
        pen.line((foot - 0.03, 0.045), (foot + 0.1, 0.045), 0.08, (25, 25, 30))
    coat = 0.62 if rng.random() < 0.35 else 0.84
    pen.polygon([(-0.2, 1.45), (0.2, 1.45), (0.19, coat), (-0.19, coat)], top)
    pen.ellipse((0, 1.42), (0.2, 0.1), top)
    swing = rng.uniform(0.0, 0.25)
    for side, hand in ((-1, -0.2 - swing * 0.6), (1, 0.2 + swing * 0.6)):
        pen.line((0.19 * side, 1.42), (hand, 0.95), 0.1, top * 0.85)
        pen.ellipse((hand, 0.9), (0.05, 0.05), (110, 140, 190))
    _head(pen, rng, 0, 1.63)
    if rng.random() < 0.4:
        x = float(rng.choice([-0.26, 0.26]))
        pen.polygon(
            [(x - 0.12, 0.95), (x + 0.12, 0.95), (x + 0.12, 0.6), (x - 0.12, 0.6)], _clothes(rng)
        )
    return pen.sprite(rng)


def cyclist_side(rng):
    """A cyclist seen from the side, uint8 BGRA, :data:`CYCLIST_SIDE_SIZE` metres."""
    pen = _Pen(CYCLIST_SIDE_SIZE)
    frame, top, legs = _clothes(rng), _clothes(rng), _clothes(rng) * 0.6
    for x in (-0.52, 0.52):
        # Spokes let the background through but count as the bicycle: coverage above one half.
        pen.ellipse((x, 0.34), (0.32, 0.32), (120, 120, 120), 140)
        pen.ellipse((x, 0.34), (0.32, 0.32), (20, 20, 20), 255, 0.05)
        pen.ellipse((x, 0.34), (0.05, 0.05), (150, 150, 150))
    bar = [((-0.52, 0.34), (-0.2, 0.88)), ((-0.52, 0.34), (-0.03, 0.32))]
    bar += [((-0.2, 0.88), (-0.03, 0.32)), ((-0.03, 0.32), (0.4, 0.85))]
    bar += [((-0.17, 0.8), (0.4, 0.85)), ((0.52, 0.34), (0.36, 1.0))]
    for a, b in bar:
        pen.line(a, b, 0.045, frame)
    pen.line((0.3, 1.02), (0.48, 1.0), 0.04, (25, 25, 25))
    pen.line((-0.32, 0.92), (-0.1, 0.92), 0.06, (25, 25, 25))
    for knee, foot in (((0.2, 0.72), (0.08, 0.2)), ((0.14, 0.86), (-0.1, 0.45))):
        pen.line((-0.16, 0.97), knee, 0.16, legs)
        pen.line(knee, foot, 0.12, legs)
        pen.line(foot, (foot[0] + 0.16, foot[1]), 0.07, (25, 25, 25))
    pen.line((-0.17, 1.02), (0.1, 1.42), 0.3, top)
    pen.line((0.12, 1.4), (0.38, 1.04), 0.1, top * 0.85)
    _head(pen, rng, 0.22, 1.63)
    if rng.random() < 0.5:
        pen.ellipse((0.21, 1.7), (0.14, 0.08), _clothes(rng))
    return pen.sprite(rng)


def cyclist_end(rng):
    """A cyclist seen from behind or ahead, uint8 BGRA, :data:`CYCLIST_END_SIZE` metres."""
    pen = _Pen(CYCLIST_END_SIZE)
    top, legs = _clothes(rng), _clothes(rng) * 0.6
    pen.line((0, 0.04), (0, 0.66), 0.06, (20, 20, 20))
    pen.line((-0.28, 1.03), (0.28, 1.03), 0.05, (30, 30, 30))
    for side, foot in ((-1, 0.2), (1, 0.45)):
        pen.line((0.1 * side, 0.95), (0.14 * side, 0.6), 0.16, legs)
        pen.line((0.14 * side, 0.6), (0.11 * side, foot), 0.11, legs)
        pen.line((0.2 * side, 1.4), (0.27 * side, 1.06), 0.1, top * 0.85)
    pen.polygon([(-0.2, 1.48), (0.2, 1.48), (0.16, 0.88), (-0.16, 0.88)], top)
    pen.ellipse((0, 0.5), (0.05, 0.04), (40, 40, 210))
    _head(pen, rng, 0, 1.63)
    if rng.random() < 0.5:
        pen.ellipse((0, 1.7), (0.13, 0.09), _clothes(rng))
    return pen.sprite(rng)


def sign(rng):
    """A traffic sign plate, uint8 BGRA 64 x 64 x 4 filling the square: circle, triangle, board."""
    n = 256
    image, alpha = np.full((n, n, 3), 235, np.uint8), np.zeros((n, n), np.uint8)
    kind = int(rng.integers(6))
    rim = [(40, 30, 200), (40, 30, 200), (170, 80, 20), (60, 130, 30), (20, 170, 230)][
        int(rng.integers(5))
    ]
    if kind in (0, 1):
        for target, colour in ((image, rim), (alpha, 255)):
            cv2.circle(target, (128, 128), 126, colour, -1)
        if kind == 0:
            cv2.circle(image, (128, 128), 92, (240, 240, 240), -1)
    else:
        shapes = {
            2: [(128, 4), (252, 236), (4, 236)],
            3: [(4, 4), (252, 4), (252, 252), (4, 252)],
            4: [(2, 50), (254, 50), (254, 206), (2, 206)],
            5: [(128, 2), (254, 128), (128, 254), (2, 128)],
        }
        p = np.array(shapes[kind], np.int32)
        cv2.fillPoly(alpha, [p], 255)
        cv2.fillPoly(image, [p], rim)
        inner = ((p - p.mean(0)) * (0.62 if kind == 2 else 0.86) + p.mean(0)).astype(np.int32)
        if kind in (2, 5) or rng.random() < 0.3:
            cv2.fillPoly(image, [inner], (240, 240, 240))
    light = image[128, 128].mean() > 150
    ink = (25, 25, 25) if light else (245, 245, 245)
    for _ in range(int(rng.integers(1, 4))):  # an arrow, a bar or a figure
        a, b = rng.integers(80, 176, 2), rng.integers(80, 176, 2)
        cv2.line(image, tuple(map(int, a)), tuple(map(int, b)), ink, int(rng.integers(14, 30)))
    both = np.dstack([image, alpha])
    return cv2.resize(both, (64, 64), interpolation=cv2.INTER_AREA)
