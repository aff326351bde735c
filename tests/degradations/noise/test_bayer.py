"""The mosaic and its interpolation against plain loops."""

import numpy as np
import pytest

from mmdegrade.degradations.noise.bayer import PATTERNS, from_bayer, to_bayer


@pytest.mark.parametrize('pattern', PATTERNS)
@pytest.mark.parametrize('order', ['bgr', 'rgb'])
@pytest.mark.parametrize('size', [(1, 1), (2, 2), (5, 4), (6, 7)])
def test_mosaic(pattern, order, size):
    img = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    raw = to_bayer(img, pattern, order)
    for y in range(size[0]):
        for x in range(size[1]):
            colour = pattern[2 * (y % 2) + x % 2].lower()
            assert raw[y, x] == img[y, x, order.index(colour)]


@pytest.mark.parametrize('pattern', PATTERNS)
@pytest.mark.parametrize('size', [(2, 2), (2, 5), (7, 2), (6, 9)])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_interpolation(pattern, size, dtype):
    raw = np.random.default_rng(1).random(size).astype(dtype)

    def at(y, x):  # mirrored without the edge
        y, x = abs(y), abs(x)
        y = 2 * (size[0] - 1) - y if y >= size[0] else y
        x = 2 * (size[1] - 1) - x if x >= size[1] else x
        return raw[y, x], pattern[2 * (y % 2) + x % 2]

    for colour in 'RGB':
        got = from_bayer(raw, pattern, colour)
        assert got.dtype == dtype and got.shape == size
        for y in range(size[0]):
            for x in range(size[1]):
                own, here = at(y, x)
                if here == colour:
                    assert got[y, x] == pytest.approx(own, abs=1e-6)
                    continue
                sides = [at(y - 1, x), at(y + 1, x), at(y, x - 1), at(y, x + 1)]
                corners = [at(y + i, x + j) for i in (-1, 1) for j in (-1, 1)]
                near = [v for v, c in sides if c == colour]
                near = near or [v for v, c in corners if c == colour]
                assert got[y, x] == pytest.approx(np.mean(near), abs=1e-6)


def test_a_grey_ramp_comes_back():
    ramp = np.add.outer(np.arange(8.0), 2 * np.arange(10.0))
    for pattern in PATTERNS:
        for colour in 'RGB':
            back = from_bayer(to_bayer(np.dstack([ramp] * 3), pattern), pattern, colour)
            assert np.allclose(back[1:-1, 1:-1], ramp[1:-1, 1:-1])
