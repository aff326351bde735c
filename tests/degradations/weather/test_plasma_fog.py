"""Plasma fog against its formula and a diamond-square algorithm point by point."""

import math

import numpy as np
import pytest

from mmdegrade.degradations import KINDS, keyed_rng
from mmdegrade.degradations.noise.integer_noise import random_words
from mmdegrade.degradations.weather.plasma_fog import plasma, plasma_fog

LEVELS = [tuple(degree.values()) for degree in KINDS['plasma_fog'].degrees]


def diamond_square(side, decay, rng):
    """Point by point, in place, as usually written; the same draws."""
    grid = {(0, 0): 0.0}
    step, amplitude = side, 1.0
    while step > 1:
        n, half = side // step, step // 2
        words = random_words(3 * n * n, rng).reshape(3, n, n)
        wobble = amplitude * ((words + 0.5) / 2**15 - 1)

        def mean(y, x, offsets, half=half):
            return sum(grid[(y + a * half) % side, (x + b * half) % side] for a, b in offsets) / 4

        cells = [(i, j, i * step, j * step) for i in range(n) for j in range(n)]
        for i, j, y, x in cells:
            corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
            grid[y + half, x + half] = mean(y + half, x + half, corners) + wobble[0, i, j]
        cross = [(-1, 0), (1, 0), (0, -1), (0, 1)]
        for i, j, y, x in cells:
            grid[y, x + half] = mean(y, x + half, cross) + wobble[1, i, j]
            grid[y + half, x] = mean(y + half, x, cross) + wobble[2, i, j]
        step, amplitude = half, amplitude / decay**2
    values = np.array([[grid[y, x] for x in range(side)] for y in range(side)])
    values -= values.min()
    return values / values.max()


@pytest.mark.parametrize('decay', [2, 1.4, 1, 10])
@pytest.mark.parametrize('side', [2, 8, 32])
def test_plasma(side, decay):
    got = plasma(side, decay, keyed_rng(side))
    assert got.dtype == np.float32 and got.min() == 0 and got.max() == pytest.approx(1, abs=1e-6)
    assert np.abs(got - diamond_square(side, decay, keyed_rng(side))).max() < 1e-5


def test_plasma_is_rougher_with_less_decay():
    def roughness(decay):
        cloud = plasma(256, decay, keyed_rng(0))
        return np.abs(np.diff(cloud, axis=0)).mean() / cloud.std()

    values = [roughness(decay) for decay in (2, 1.7, 1.5, 1.4)]
    assert all(a < b for a, b in zip(values, values[1:], strict=False))
    # Without further levels neighbours differ by at most their wobble.
    assert plasma(1, 2, 0).tolist() == [[0]]
    for side in (0, 3, 12):
        with pytest.raises(ValueError, match='side must be a power of two'):
            plasma(side, 2, 0)


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('shape', [(40, 50, 3), (33, 64), (5, 3, 6), (1, 1), (7, 1, 1)])
def test_formula(level, shape):
    strength, decay = level
    img = np.random.default_rng(0).random(shape) * 0.8
    side = 2 ** math.ceil(math.log2(max(shape[:2])))
    cloud = plasma(side, decay, keyed_rng(1))[: shape[0], : shape[1]].astype(float)
    cloud = cloud.reshape(shape[:2] + (1,) * (len(shape) - 2))
    top = img.max()
    expected = np.clip((img + strength * cloud) * top / (top + strength), 0, 1)
    out = plasma_fog(img, strength, decay, keyed_rng(1))
    assert out.shape == shape and np.abs(out - expected).max() < 1e-9
    single = plasma_fog(img.astype(np.float32), strength, decay, keyed_rng(1))
    assert np.abs(single - expected).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    exact = plasma_fog(grey / 255, strength, decay, keyed_rng(1)) * 255
    assert np.abs(plasma_fog(grey, strength, decay, keyed_rng(1)) - exact).max() < 0.501


def test_limits():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    out = plasma_fog(img, 0, 2, 0)
    assert np.array_equal(out, img) and out is not img
    assert not plasma_fog(np.zeros((9, 8), np.uint8), 3, 2, 0).any()
    assert np.isfinite(plasma_fog(np.full((4, 4), -1.5), 1.5, 2, 0)).all()


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        ((-1, 2, 0), ValueError, 'strength must be a number 0 to 100'),
        ((1, 0.5, 0), ValueError, 'decay must be a number 1 to 100'),
        ((1, 2, 'x'), TypeError, 'rng must be'),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        plasma_fog(np.zeros((4, 4)), *arguments)
