# SPDX-License-Identifier: Apache-2.0
"""The texture atlas: every facade, ground, tree, car and person a scene can use.

Built once per process, from a fixed seed, so every process holds the same pixels.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from . import facades, people, plants, textures, vehicles

_ATLAS_SEED = 20240601
GROUND_PIXELS_PER_METRE = 24
GROUND_KINDS = ('asphalt', 'worn', 'concrete', 'slabs', 'pavers', 'setts', 'grass')


class Atlas(NamedTuple):
    """Lists of mipmap lists; ``ground`` maps a kind to its mipmap lists."""

    facades: list
    roofs: list
    ground: dict
    trees: list
    hedges: list
    fences: list
    vehicles: list
    pedestrians: list
    cyclists_side: list
    cyclists_end: list
    signs: list
    clouds: np.ndarray
    noise: np.ndarray


def _many(build, rng, count, levels):
    return [textures.mipmaps(build(rng), levels) for _ in range(count)]


@lru_cache(maxsize=1)
def atlas():
    """Build (first call in a process, about a second) or return the shared :class:`Atlas`."""
    rng = np.random.Generator(np.random.SFC64(_ATLAS_SEED))
    fleet = []
    for _ in range(28):
        car = vehicles.vehicle(rng)
        fleet.append(
            car._replace(
                side=textures.mipmaps(car.side[0], 4),
                rear=textures.mipmaps(car.rear[0], 4),
                front=textures.mipmaps(car.front[0], 4),
            )
        )
    return Atlas(
        facades=_many(facades.facade, rng, 30, 5),
        roofs=_many(facades.roof, rng, 6, 5),
        ground={
            kind: _many(lambda r, k=kind: textures.paving(r, 384, k), rng, 2, 6)
            for kind in GROUND_KINDS
        },
        trees=_many(plants.tree, rng, 22, 6),
        hedges=_many(plants.hedge, rng, 6, 5),
        fences=_many(plants.fence, rng, 18, 5),
        vehicles=fleet,
        pedestrians=_many(people.pedestrian, rng, 20, 5),
        cyclists_side=_many(people.cyclist_side, rng, 10, 5),
        cyclists_end=_many(people.cyclist_end, rng, 8, 5),
        signs=_many(people.sign, rng, 24, 5),
        clouds=textures.fractal(rng, 512, 512, 200, 6, 0.55),
        noise=np.round(rng.standard_normal((512, 512, 3), np.float32) * 32).astype(np.int16),
    )
