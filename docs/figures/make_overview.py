"""Draw the README's picture: a rendered street scene, clean, degraded in four ways, and its truth.

    python docs/figures/make_overview.py            # writes docs/figures/overview.png

The same scene and the same noise each time; a palette of 256 colours keeps the file small.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmdegrade.datasets.street_scenes.classes import PALETTE
from mmdegrade.datasets.street_scenes.renderer import render_street_scene
from mmdegrade.degradations import degrade
from mmdegrade.visualization.sheet import colour_mask

#: Title of each panel, and what `degrade` is asked for.
ROWS = (
    (
        ('clean', None),
        ('gblur, degree 3', dict(kind='gblur', degree=3)),
        ('rain, degree 5', dict(kind='rain', degree=5)),
    ),
    (
        ('fog, degree 5', dict(kind='fog', degree=5)),
        ('awgn, degree 4', dict(kind='awgn', degree=4)),
        ('truth', 'truth'),
    ),
)
SIZE, GAP, TITLE = (210, 280), 6, 24
FONT = cv2.FONT_HERSHEY_SIMPLEX


def panel(title: str, request, stream: int, index: int) -> np.ndarray:
    """One picture under its title, H×W×3 uint8 BGR."""
    image, mask, depth = render_street_scene(stream, index, SIZE)
    if request == 'truth':
        image = colour_mask(mask, PALETTE)
    elif request is not None:
        metres = dict(depth=depth) if request['kind'] in ('rain', 'fog') else {}
        image = degrade(image, rng=0, **request, **metres)
    strip = np.full((TITLE, SIZE[1], 3), 255, np.uint8)
    (width, _), _ = cv2.getTextSize(title, FONT, 0.5, 1)
    cv2.putText(strip, title, ((SIZE[1] - width) // 2, 17), FONT, 0.5, (40, 30, 20), 1, cv2.LINE_AA)
    return np.vstack([strip, image])


def draw(stream: int, index: int) -> np.ndarray:
    """The picture, H×W×3 uint8 BGR."""
    lines = [
        np.hstack(
            [
                np.pad(
                    panel(title, request, stream, index),
                    ((0, GAP), (GAP, 0), (0, 0)),
                    constant_values=255,
                )
                for title, request in row
            ]
        )
        for row in ROWS
    ]
    return np.pad(np.vstack(lines), ((0, 0), (0, GAP), (0, 0)), constant_values=255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=Path(__file__).with_name('overview.png'))
    parser.add_argument('--stream', type=int, default=2, help='of scenes; 2: the test scenes')
    parser.add_argument('--scene', type=int, default=3)
    args = parser.parse_args()
    rgb = Image.fromarray(draw(args.stream, args.scene)[..., ::-1])
    palette = rgb.quantize(256)
    rgb.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).save(args.out, optimize=True)
    print(args.out, args.out.stat().st_size // 1024, 'KiB')


if __name__ == '__main__':
    main()
