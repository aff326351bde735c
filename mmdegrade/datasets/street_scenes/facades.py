# SPDX-License-Identifier: Apache-2.0
"""Building facades: a wall texture with rows of windows, doors and shop fronts, and roofs."""

import cv2
import numpy as np

from .textures import fractal, masonry_colour, wall

PIXELS_PER_METRE = 32
STOREY = 96  # pixels: three metres
WIDTH = 384  # pixels: twelve metres, then the facade repeats
STOREYS = 5


def _window(rng, height, width, style, frame, dark):
    """One glazed opening, uint8 BGR, ``height x width``; ``style`` picks the glazing bars."""
    ramp = np.linspace(1.3, 0.7, height, dtype=np.float32)[:, None, None]
    glass = dark * ramp * np.ones((1, width, 1), np.float32)
    if rng.random() < 0.45:  # a slanted reflection of the sky
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        band = np.abs(x + 0.7 * y - rng.uniform(0.3, 1.2) * width) < width * 0.2
        glass[band] += rng.uniform(25, 80)
    if rng.random() < 0.35:  # curtains or a blind
        depth = int(height * rng.uniform(0.2, 0.8))
        glass[:depth] = 0.4 * glass[:depth] + 0.6 * rng.uniform(120, 215)
    out = np.clip(glass, 0, 255).astype(np.uint8)
    bar = tuple(float(c) for c in frame)
    if style in (0, 2):
        cv2.line(out, (width // 2, 0), (width // 2, height), bar, 2)
    if style in (0, 1):
        cv2.line(out, (0, height // 2), (width, height // 2), bar, 2)
    if style == 3:
        cv2.line(out, (0, height // 3), (width, height // 3), bar, 2)
    cv2.rectangle(out, (0, 0), (width - 1, height - 1), bar, 2)
    return out


def _shop_front(rng, image):
    """Paint a glazed ground floor with a fascia board and mullions over the last storey."""
    top = image.shape[0] - STOREY
    fascia = rng.uniform(30, 220, 3)
    image[top + 4 : top + 24] = fascia
    for x in range(10, WIDTH - 30, int(rng.integers(60, 120))):  # lettering
        for k in range(int(rng.integers(3, 8))):
            left = x + 7 * k
            cv2.rectangle(
                image, (left, top + 9), (left + 3, top + 18), tuple(255 - 0.8 * fascia), -1
            )
    pane = int(rng.choice([48, 64, 96]))
    frame = rng.uniform(20, 230, 3)
    for x in range(0, WIDTH, pane):
        glass = _window(rng, STOREY - 34, pane - 4, 9, frame, rng.uniform(25, 90, 3))
        image[top + 26 : top + 26 + STOREY - 34, x + 2 : x + pane - 2] = glass


def facade(rng):
    """One random facade, uint8 BGR ``(STOREYS * STOREY) x WIDTH x 3``; the last row is the ground.

    It repeats sideways every ``WIDTH`` pixels. Some facades are blank walls, some are curtain
    walls of glass, most have one window column every 1.5 to 4 metres.
    """
    height = STOREY * STOREYS
    colour = masonry_colour(rng)
    kind = str(rng.choice(['brick', 'brick', 'block', 'plaster', 'concrete', 'cladding']))
    image = np.clip(wall(rng, height, WIDTH, kind, colour), 0, 255).astype(np.uint8)
    if rng.random() < 0.12:
        return image
    bay = int(rng.choice([48, 64, 64, 96, 128]))
    curtain_wall = rng.random() < 0.12
    win_w = bay - 6 if curtain_wall else int(bay * rng.uniform(0.35, 0.7))
    win_h = STOREY - 8 if curtain_wall else int(STOREY * rng.uniform(0.42, 0.68))
    style = int(rng.integers(5))
    frame = rng.choice([colour * 0.4, np.full(3, 225.0), np.full(3, 45.0), colour * 1.5])
    frame = np.clip(frame, 0, 255)
    dark = rng.uniform(20, 75, 3) + np.array([25.0, 10, 0])
    trim = tuple(float(c) for c in np.clip(colour * rng.choice([0.6, 1.45]), 0, 255))
    lintel = rng.random() < 0.6
    course = rng.random() < 0.4
    panes = [_window(rng, win_h, win_w, style, frame, dark) for _ in range(6)]
    for storey in range(STOREYS):
        top = storey * STOREY
        y = top + (STOREY - win_h) // 2 - 4 * (not curtain_wall)
        y = max(y, 0)
        for x in range((bay - win_w) // 2, WIDTH - win_w + 1, bay):
            image[y : y + win_h, x : x + win_w] = panes[int(rng.integers(6))]
            if lintel:
                cv2.rectangle(image, (x - 3, y - 6), (x + win_w + 2, y - 1), trim, -1)
            cv2.rectangle(image, (x - 2, y + win_h), (x + win_w + 1, y + win_h + 3), trim, -1)
            cv2.line(image, (x, y + win_h + 4), (x + win_w, y + win_h + 4), (35, 35, 35), 1)
        if course:
            cv2.rectangle(image, (0, top), (WIDTH, top + 4), trim, -1)
    base = rng.random()
    if base < 0.4:
        _shop_front(rng, image)
    elif base < 0.8:
        door_h, door_w = 68, 34
        for x in range(bay // 2 - door_w // 2 + bay, WIDTH - door_w, bay * 2):
            paint = 0.55 * masonry_colour(rng) + rng.uniform(-25, 35, 3).clip(-25, 35)
            paint = np.clip(paint, 15, 200)
            door = np.tile(paint[None, None], (door_h, door_w, 1)).astype(np.uint8)
            for a, b in ((6, 28), (36, 60)):
                cv2.rectangle(door, (6, a), (door_w - 7, b), tuple(paint * 0.6), 1)
            cv2.rectangle(door, (0, 0), (door_w - 1, door_h - 1), trim, 2)
            image[height - door_h :, max(x, 0) : max(x, 0) + door_w] = door
    return image


def roof(rng):
    """Roof tiles, uint8 BGR 96 x 384 x 3 (three by twelve metres), repeating sideways."""
    height, width = 96, WIDTH
    colour = masonry_colour(rng) * 0.75
    y, x = np.arange(height)[:, None], np.arange(width)[None]
    course = int(rng.choice([6, 8, 10]))
    tone = 1 - 0.35 * (y % course < 2) - 0.2 * ((x + (y // course % 2) * course) % (2 * course) < 2)
    tone = tone + 0.08 * fractal(rng, height, width, 40, 4)
    image = np.clip(tone[..., None] * colour, 0, 255)
    image[-5:] = rng.uniform(30, 220)  # gutter
    return image.astype(np.uint8)
