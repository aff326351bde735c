# SPDX-License-Identifier: Apache-2.0
"""Trees, hedges and fences as BGRA sprites with clumpy or see-through outlines."""

import cv2
import numpy as np

from .textures import fractal, leaves, masonry_colour, wall


def leaf_colour(rng):
    """A random BGR foliage colour: greens mostly, some olive, autumn and grey-brown."""
    bases = (
        (45, 95, 70),
        (50, 110, 90),
        (40, 75, 60),
        (60, 120, 100),
        (45, 95, 120),
        (50, 80, 140),
        (75, 100, 95),
    )
    base = np.array(bases[int(rng.integers(len(bases)))], np.float32)
    return base * rng.uniform(0.7, 1.3) + rng.normal(0, 5, 3).astype(np.float32)


def tree(rng):
    """One tree, uint8 BGRA 256 x 208 x 4, trunk foot in the middle of the last row."""
    height, width = 256, 208
    y, x = np.mgrid[:height, :width].astype(np.float32)
    conifer = rng.random() < 0.18
    bare = not conifer and rng.random() < 0.12
    shape = fractal(rng, height, width, 60, 5, 0.62)
    if conifer:
        crown = 1.0 - np.abs(x - width / 2) / (0.1 * width + 0.36 * width * y / 220) + 0.35 * shape
        crown[y > 225] = -1
    else:
        crown = np.full((height, width), -9, np.float32)
        for _ in range(int(rng.integers(3, 7))):  # a crown is a union of a few lobes
            cx, cy = width * rng.uniform(0.32, 0.68), height * rng.uniform(0.25, 0.5)
            rx, ry = width * rng.uniform(0.18, 0.3), height * rng.uniform(0.14, 0.25)
            crown = np.maximum(crown, 1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2)
        crown += 0.33 * shape
    alpha = np.clip(crown * 6 + 0.5, 0, 1)
    if bare:
        alpha *= 0.0
    bark = np.array([55, 70, 85], np.float32) * rng.uniform(0.6, 1.3)
    image = leaves(rng, height, width, leaf_colour(rng))
    image *= (1.2 - 0.5 * y / height)[..., None]
    holes = fractal(rng, height, width, 14, 3, 0.8) > 1.75
    alpha[holes & (crown < 0.5)] = 0
    wood = np.zeros((height, width), np.uint8)
    half = rng.uniform(3.0, 7.0)
    foot = np.array([width / 2, height - 1])
    fork = np.array([width / 2 + rng.normal(0, 5), height * rng.uniform(0.45, 0.62)])
    trunk = np.array(
        [foot - (half * 1.3, 0), foot + (half * 1.3, 0), fork + (half * 0.7, 0), fork - (half, 0)]
    )
    cv2.fillConvexPoly(wood, trunk.astype(np.int32), 255, cv2.LINE_AA)
    stack = [(fork, -np.pi / 2, 62.0, half * 1.3)]
    for _ in range(60 if bare else 14):  # branches fork, shorten and thin out
        if not stack:
            break
        start, angle, length, thick = stack.pop(0)
        for turn in (rng.uniform(-0.75, -0.15), rng.uniform(0.15, 0.75)):
            heading = angle + turn
            end = start + length * np.array([np.cos(heading), np.sin(heading)])
            cv2.line(
                wood,
                tuple(int(v) for v in start),
                tuple(int(v) for v in end),
                255,
                max(int(thick), 1),
                cv2.LINE_AA,
            )
            stack.append((end, heading, length * rng.uniform(0.62, 0.85), thick * 0.65))
    wood = wood.astype(np.float32) / 255
    shade = 1 - 0.4 * (x - width / 2) / (2.5 * half)
    timber = np.clip(shade, 0.5, 1.4)[..., None] * bark * (1 + 0.12 * shape[..., None])
    front = wood * (1 - 0.9 * alpha)  # leaves hide most of the wood behind them
    image = image * (1 - front[..., None]) + timber * front[..., None]
    alpha = np.maximum(alpha, wood)
    return np.dstack([np.clip(image, 0, 255), alpha * 255]).astype(np.uint8)


def hedge(rng):
    """A clipped or wild hedge, uint8 BGRA 64 x 256 x 4, repeating sideways."""
    height, width = 64, 256
    image = leaves(rng, height, width, leaf_colour(rng))
    image *= np.linspace(1.2, 0.65, height, dtype=np.float32)[:, None, None]
    edge = rng.uniform(2, 9) * (1.2 + fractal(rng, 1, width, 40, 4, 0.7)[0])
    y = np.arange(height, dtype=np.float32)[:, None]
    alpha = np.clip(y - edge[None], 0, 1)
    return np.dstack([np.clip(image, 0, 255), alpha * 255]).astype(np.uint8)


def fence(rng):
    """A fence, uint8 BGRA 64 x 256 x 4, repeating sideways; alpha 0 where one sees through."""
    height, width = 64, 256
    colour = rng.choice(
        [masonry_colour(rng), leaf_colour(rng), np.full(3, 40.0), np.full(3, 215.0)]
    )
    image = wall(rng, height, width, 'plaster', np.asarray(colour, np.float32))
    alpha = np.zeros((height, width), np.uint8)
    kind = int(rng.integers(5))
    y, x = np.mgrid[:height, :width]
    if kind == 0:  # pickets
        period = int(rng.choice([8, 16]))
        picket = x % period < period * 0.62
        tip = np.abs(x % period - period * 0.31) * 1.2
        alpha[picket & (y > tip + 2)] = 255
        image *= (1 - 0.45 * (x % period < 1))[..., None]
    elif kind == 1:  # wire mesh
        alpha[((x + y) % 8 < 3) | ((x - y) % 8 < 3)] = 255
    elif kind == 2:  # iron railings
        alpha[(x % 8 < 4) & (y > 4)] = 255
    elif kind == 3:  # close boards
        alpha[y > 1] = 255
        image *= (1 - 0.5 * (x % 16 < 2) + 0.12 * np.sin(x // 16 * 2.4))[..., None]
    else:  # horizontal rails
        alpha[(y % 20 < 8) & (y < 62)] = 255
    if kind != 3:
        alpha[6:10] = 255
        alpha[48:52] = 255
    alpha[:, :5] = 255  # a post every few metres
    alpha[:, 128:133] = 255
    image[:, [4, 132]] *= 0.5
    return np.dstack([np.clip(image, 0, 255).astype(np.uint8), alpha])
