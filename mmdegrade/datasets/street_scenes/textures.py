# SPDX-License-Identifier: Apache-2.0
"""Tileable surface textures: fractal noise, masonry, paving, asphalt and foliage.

Every function takes a ``numpy.random.Generator`` and returns float32 or uint8 arrays; nothing
here keeps state. Textures are BGR. Walls, paving and fences draw their colours from one shared
masonry palette on purpose: a network must look at the texture, not only at the hue.
"""

import cv2
import numpy as np

# BGR bases shared by walls, paving, fences and roofs.
MASONRY = np.array(
    [
        (62, 78, 140),
        (82, 105, 160),
        (120, 150, 180),
        (135, 140, 145),
        (100, 102, 106),
        (175, 190, 200),
        (70, 90, 110),
        (105, 125, 105),
        (80, 112, 92),
        (150, 135, 115),
        (140, 150, 190),
        (190, 195, 195),
        (85, 85, 92),
    ],
    np.float32,
)


def masonry_colour(rng, saturation=1.0):
    """One random BGR colour (float32, 3 values in 30..235) of the shared masonry palette."""
    base = MASONRY[rng.integers(len(MASONRY))] * rng.uniform(0.75, 1.2)
    base = base + rng.normal(0, 7, 3)
    grey = base.mean()
    return np.clip(grey + saturation * (base - grey), 30, 235).astype(np.float32)


def fractal(rng, height, width, cell, octaves=4, persistence=0.55):
    """Tileable fractal noise, float32 ``height x width`` with mean 0 and deviation 1.

    Args:
        rng: NumPy generator.
        height, width: Size in pixels.
        cell: Size in pixels of the coarsest blobs.
        octaves: Number of halvings of the blob size.
        persistence: Amplitude ratio between an octave and the coarser one before it.
    """
    out = np.zeros((height, width), np.float32)
    amplitude = 1.0
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.0)
        rows, cols = max(int(round(height / size)), 1), max(int(round(width / size)), 1)
        grid = rng.random((rows, cols), np.float32) - 0.5
        # A wrapped margin of two cells makes the enlarged noise tile without a seam.
        grid = np.pad(grid, 2, mode='wrap')
        big_h = int(round(height * (rows + 4) / rows))
        big_w = int(round(width * (cols + 4) / cols))
        big = cv2.resize(grid, (big_w, big_h), interpolation=cv2.INTER_CUBIC)
        top, left = (big_h - height) // 2, (big_w - width) // 2
        out += amplitude * big[top : top + height, left : left + width]
        amplitude *= persistence
    out -= out.mean()
    return out / max(float(out.std()), 1e-6)


def _joints(rng, height, width, row, column, bond, jitter):
    """Block pattern: (joint mask 0..1, brightness per block), both float32 ``height x width``."""
    rows, cols = max(height // row, 1), max(width // column, 1)
    tone = rng.normal(0, jitter, (rows, cols)).astype(np.float32)
    y, x = np.arange(height), np.arange(width)
    r = np.minimum(y // row, rows - 1)
    shift = (r % 2) * (column // 2 if bond else 0)
    xs = (x[None] + shift[:, None]) % (cols * column)
    blocks = tone[r[:, None], np.minimum(xs // column, cols - 1)]
    joint = ((y % row == 0)[:, None] | (xs % column == 0)).astype(np.float32)
    return joint, blocks


def wall(rng, height, width, kind, colour):
    """Wall surface as float32 BGR ``height x width x 3``, about 32 pixels a metre.

    Args:
        rng: NumPy generator.
        height, width: Size in pixels.
        kind: ``'brick'``, ``'block'``, ``'plaster'``, ``'concrete'`` or ``'cladding'``.
        colour: Mean BGR colour.

    Raises:
        ValueError: Unknown ``kind``.
    """
    grain = rng.standard_normal((height, width), np.float32)
    stains = fractal(rng, height, width, 90, 4)
    tone = 1 + 0.05 * stains + 0.03 * grain
    if kind == 'brick':
        joint, blocks = _joints(rng, height, width, 4, 10, True, 0.13)
        tone = (tone + blocks) * (1 + joint * rng.choice([-0.35, 0.35]))
    elif kind == 'block':
        joint, blocks = _joints(rng, height, width, 12, 24, True, 0.09)
        tone = (tone + blocks + 0.05 * grain) * (1 - 0.3 * joint)
    elif kind == 'plaster':
        tone += 0.05 * fractal(rng, height, width, 12, 3) + 0.04 * stains
    elif kind == 'concrete':
        joint, blocks = _joints(rng, height, width, 48, 64, False, 0.05)
        tone = (tone + blocks + 0.05 * grain) * (1 - 0.35 * joint)
    elif kind == 'cladding':
        stripe = (np.arange(height) % 7 < 2).astype(np.float32)[:, None]
        tone = tone - 0.22 * stripe
    else:
        raise ValueError(
            f"kind={kind!r} is not one of 'brick', 'block', 'plaster', 'concrete', 'cladding'"
        )
    return tone[..., None] * colour


def paving(rng, size, kind):
    """Tileable ground surface, uint8 grey ``size x size`` around 128, 24 pixels a metre.

    Args:
        rng: NumPy generator.
        size: Side in pixels.
        kind: ``'asphalt'``, ``'worn'``, ``'concrete'``, ``'slabs'``, ``'pavers'``, ``'setts'``
            or ``'grass'``.

    Raises:
        ValueError: Unknown ``kind``.
    """
    grain = rng.standard_normal((size, size), np.float32)
    stains = fractal(rng, size, size, 128, 5)
    tone = 1 + 0.06 * stains
    if kind == 'asphalt':
        tone += 0.13 * grain
    elif kind == 'worn':
        cracks = np.abs(fractal(rng, size, size, 100, 5, 0.6)) < 0.035
        tone += 0.10 * grain + 0.05 * stains - 0.35 * cracks
    elif kind == 'concrete':
        joint, blocks = _joints(rng, size, size, 128, 128, False, 0.06)
        tone += blocks + 0.05 * grain - 0.4 * cv2.dilate(joint, np.ones((3, 3)))
    elif kind == 'slabs':
        joint, blocks = _joints(rng, size, size, 16, 24, True, 0.12)
        joint = np.maximum(joint, np.roll(joint, 1, (0, 1)))
        tone += blocks + 0.04 * grain - 0.5 * joint
    elif kind == 'pavers':
        joint, blocks = _joints(rng, size, size, 8, 16, True, 0.2)
        tone += blocks + 0.03 * grain - 0.5 * joint
    elif kind == 'setts':
        joint, blocks = _joints(rng, size, size, 8, 8, True, 0.16)
        tone += blocks + 0.05 * grain - 0.4 * joint
    elif kind == 'grass':
        tone += 0.2 * fractal(rng, size, size, 8, 3) + 0.12 * grain
    else:
        raise ValueError(
            f"kind={kind!r} is not one of 'asphalt', 'worn', 'concrete', 'slabs', 'pavers', "
            "'setts', 'grass'"
        )
    return np.clip(tone * 128, 0, 255).astype(np.uint8)


def leaves(rng, height, width, colour):
    """Foliage, float32 BGR ``height x width x 3``: clumps lit from above with dark gaps."""
    clumps = fractal(rng, height, width, 26, 3, 0.7)
    leaf = fractal(rng, height, width, 6, 3, 0.9)
    light = 1 + 0.16 * (clumps - np.roll(clumps, -4, 0)) + 0.13 * clumps + 0.26 * leaf
    light = np.where(clumps + 0.8 * leaf < -1.3, 0.4 * light, light)
    yellow = np.array([-0.06, 0.04, 0.06], np.float32) * leaf[..., None]
    return np.clip(light, 0.15, 2.2)[..., None] * colour * (1 + yellow)


def mipmaps(texture, levels):
    """``levels`` images (uint8), each half the size of the one before; the first is ``texture``."""
    out = [np.ascontiguousarray(texture)]
    for _ in range(levels - 1):
        h, w = out[-1].shape[:2]
        small = cv2.resize(out[-1], (max(w // 2, 1), max(h // 2, 1)), interpolation=cv2.INTER_AREA)
        out.append(small)
    return out
