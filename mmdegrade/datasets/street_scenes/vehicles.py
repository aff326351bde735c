# SPDX-License-Identifier: Apache-2.0
"""Cars and vans as BGRA sprites: the side, the rear and the front of one vehicle."""

from typing import NamedTuple

import cv2
import numpy as np

PIXELS_PER_METRE = 48
_OVER = 2  # drawn this many times larger, then averaged down


class Vehicle(NamedTuple):
    """Sprites (mipmap lists, uint8 BGRA) and sizes in metres of one vehicle."""

    side: list
    rear: list
    front: list
    length: float
    width: float
    height: float


def _points(points, width, height, scale):
    """Unit-square points (x right, y up) to integer pixels of a ``width x height`` m sprite."""
    p = np.asarray(points, np.float64) * (width, -height) + (0, height)
    return np.round(p * scale).astype(np.int32)


def _finish(image, alpha):
    """Average an oversampled drawing down to a BGRA sprite."""
    h, w = image.shape[0] // _OVER, image.shape[1] // _OVER
    image = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA)
    return np.dstack([image, alpha])


_PROFILES = {
    # body outline, glass outline (unit square, nose to the right), length, height in metres
    'hatch': (
        [
            (0, 0.2),
            (0.01, 0.6),
            (0.1, 0.95),
            (0.2, 1),
            (0.52, 1),
            (0.73, 0.62),
            (0.97, 0.5),
            (1, 0.2),
        ],
        [(0.09, 0.66), (0.15, 0.92), (0.5, 0.93), (0.66, 0.64)],
        3.9,
        1.5,
    ),
    'saloon': (
        [
            (0, 0.2),
            (0.01, 0.6),
            (0.16, 0.66),
            (0.3, 1),
            (0.55, 1),
            (0.74, 0.63),
            (0.98, 0.52),
            (1, 0.2),
        ],
        [(0.2, 0.67), (0.31, 0.93), (0.53, 0.93), (0.68, 0.65)],
        4.6,
        1.42,
    ),
    'suv': (
        [
            (0, 0.22),
            (0, 0.6),
            (0.05, 0.97),
            (0.15, 1),
            (0.58, 1),
            (0.74, 0.66),
            (0.98, 0.6),
            (1, 0.22),
        ],
        [(0.05, 0.66), (0.09, 0.92), (0.56, 0.93), (0.68, 0.67)],
        4.5,
        1.75,
    ),
    'van': (
        [(0, 0.18), (0, 0.98), (0.03, 1), (0.68, 1), (0.84, 0.62), (0.98, 0.48), (1, 0.18)],
        [(0.62, 0.64), (0.62, 0.9), (0.69, 0.91), (0.79, 0.64)],
        5.0,
        2.15,
    ),
}


def _paint(rng):
    """A random BGR body colour: white, grey and black as often as in a real street."""
    if rng.random() < 0.6:
        return np.full(3, rng.choice([25, 50, 110, 160, 215, 235])) + rng.normal(0, 6, 3)
    return rng.uniform(15, 190, 3)


def _shaded(paint, height, width):
    """Body paint with a highlight near the shoulder line and a dark sill, uint8 BGR."""
    y = np.linspace(0, 1, height)[:, None, None]
    tone = 1.1 - 0.55 * y + 0.3 * np.exp(-(((y - 0.42) / 0.06) ** 2))
    return np.clip(paint * tone * np.ones((1, width, 1)), 0, 255).astype(np.uint8)


def _side(rng, kind, paint):
    outline, glass, length, height = _PROFILES[kind]
    s = PIXELS_PER_METRE * _OVER
    h, w = int(height * s), int(length * s)
    alpha = np.zeros((h, w), np.uint8)
    cv2.fillPoly(alpha, [_points(outline, length, height, s)], 255)
    image = _shaded(paint, h, w)
    window = np.full((h, w, 3), (60, 50, 45), np.uint8)
    window[: int(h * 0.22)] = (120, 110, 100)
    inside = np.zeros((h, w), np.uint8)
    cv2.fillPoly(inside, [_points(glass, length, height, s)], 255)
    cv2.copyTo(window, inside, image)
    seam = tuple(float(c) for c in np.clip(paint * 0.45, 0, 255))
    for x in (0.36, 0.56) if kind != 'van' else (0.6, 0.36):
        cv2.line(image, (int(x * w), int(0.06 * h)), (int(x * w), int(0.78 * h)), seam, 3)
    image[int(h * 0.74) : int(h * 0.79)] = seam
    radius = 0.32 * s
    for x in (0.18, 0.81):
        centre = (int(x * w), int(h - radius))
        cv2.circle(image, centre, int(radius * 1.2), (15, 15, 15), -1)
        cv2.circle(alpha, centre, int(radius), 255, -1)
        cv2.circle(image, centre, int(radius * 0.62), (165, 165, 165), -1)
        for k in range(5):
            a = 2 * np.pi * k / 5
            tip = (
                int(centre[0] + 0.55 * radius * np.cos(a)),
                int(centre[1] + 0.55 * radius * np.sin(a)),
            )
            cv2.line(image, centre, tip, (60, 60, 60), 5)
    cv2.rectangle(image, (0, int(h * 0.42)), (int(w * 0.03), int(h * 0.55)), (40, 40, 190), -1)
    cv2.rectangle(image, (int(w * 0.95), int(h * 0.5)), (w, int(h * 0.6)), (230, 235, 240), -1)
    return _finish(image, alpha), length, height


def _end(rng, kind, paint, height, front):
    """Rear or front view, 1.8 m wide."""
    width = 1.8
    s = PIXELS_PER_METRE * _OVER
    h, w = int(height * s), int(width * s)
    alpha = np.zeros((h, w), np.uint8)
    inset = 0.05 if kind == 'van' else 0.15
    body = [(0.02, 0.15), (0, 0.55), (inset * 0.7, 0.7), (inset, 0.97), (inset + 0.06, 1)]
    body = body + [(1 - x, y) for x, y in reversed(body)]
    cv2.fillPoly(alpha, [_points(body, width, height, s)], 255)
    for x in (0.03, 0.8):
        cv2.rectangle(alpha, (int(x * w), int(h * 0.8)), (int((x + 0.17) * w), h), 255, -1)
    image = _shaded(paint, h, w)
    glass = [
        (inset * 0.75 + 0.06, 0.64),
        (inset + 0.06, 0.92),
        (0.94 - inset, 0.92),
        (0.94 - inset * 0.75, 0.64),
    ]
    cv2.fillPoly(image, [_points(glass, width, height, s)], (65, 55, 48))
    shine = [(0.3, 0.66), (0.42, 0.9), (0.54, 0.9), (0.42, 0.66)]
    cv2.fillPoly(image, [_points(shine, width, height, s)], (120, 110, 100))
    image[int(h * 0.86) :] = (18, 18, 18)
    image[int(h * 0.72) : int(h * 0.75)] = tuple(np.clip(paint * 0.5, 0, 255))
    lamp = (225, 240, 245) if front else (35, 30, 190)
    for x in (0.03, 0.8):
        cv2.rectangle(
            image, (int(x * w), int(h * 0.42)), (int((x + 0.17) * w), int(h * 0.54)), lamp, -1
        )
    if front:
        cv2.rectangle(
            image, (int(0.25 * w), int(h * 0.46)), (int(0.75 * w), int(h * 0.6)), (30, 30, 30), -1
        )
        for y in (0.49, 0.53, 0.57):
            cv2.line(
                image, (int(0.25 * w), int(h * y)), (int(0.75 * w), int(h * y)), (120, 120, 120), 2
            )
    plate = (235, 235, 235) if front else (60, 205, 235)
    cv2.rectangle(image, (int(0.36 * w), int(h * 0.63)), (int(0.64 * w), int(h * 0.7)), plate, -1)
    for k in range(6):
        x = int((0.38 + 0.042 * k) * w)
        cv2.rectangle(image, (x, int(h * 0.645)), (x + 3, int(h * 0.69)), (25, 25, 25), -1)
    return _finish(image, alpha)


def vehicle(rng):
    """Draw one random vehicle; returns a :class:`Vehicle` whose mipmaps have one level each."""
    kind = str(rng.choice(list(_PROFILES), p=[0.35, 0.3, 0.2, 0.15]))
    paint = np.clip(_paint(rng), 10, 240)
    side, length, height = _side(rng, kind, paint)
    rear = _end(rng, kind, paint, height, False)
    front = _end(rng, kind, paint, height, True)
    return Vehicle([side], [rear], [front], length, 1.8, height)
