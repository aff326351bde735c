"""Level maps against plain loops."""

import math

import numpy as np
import pytest

from mmdegrade.degradations.noise.level_maps import level_map_1d, level_map_2d

SIZES = [(1, 1), (1, 5), (5, 1), (2, 2), (7, 4), (13, 24)]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('axis', ['rows', 'columns'])
@pytest.mark.parametrize('direction', ['increasing', 'decreasing'])
def test_1d(size, axis, direction):
    high, low = 127.5, 10.0
    height, width = size
    got = level_map_1d(height, width, high, low, axis, direction)
    start, end = (low, high) if direction == 'increasing' else (high, low)
    assert got.shape == size and got.dtype == np.float32
    for y in range(height):
        for x in range(width):
            i, n = (y, height) if axis == 'rows' else (x, width)
            expected = start + (end - start) * (i / (n - 1) if n > 1 else 0)
            assert got[y, x] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('direction', ['increasing', 'decreasing'])
@pytest.mark.parametrize('centre', [(0, 0), (1, 1), (0.3, 0.6)])
def test_2d(size, direction, centre):
    high, low = 127.5, 10.0
    height, width = size
    cy, cx = centre[0] * (height - 1), centre[1] * (width - 1)
    got = level_map_2d(height, width, high, low, cy, cx, direction)
    start, end = (low, high) if direction == 'increasing' else (high, low)
    corners = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    farthest = max(math.dist((cy, cx), corner) for corner in corners)
    assert got.shape == size and got.dtype == np.float32
    for y in range(height):
        for x in range(width):
            share = math.dist((cy, cx), (y, x)) / farthest if farthest else 0
            assert got[y, x] == pytest.approx(start + (end - start) * share, abs=1e-4)


def test_ends_are_exact():
    line = level_map_1d(9, 2, 127.5, 0, 'rows', 'decreasing')[:, 0]
    assert line[0] == 127.5 and line[-1] == 0
    field = level_map_2d(11, 21, 50, 5, 0, 20, 'increasing')
    assert field[0, 20] == 5 and field[10, 0] == 50 and field.argmax() == 10 * 21


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda: level_map_1d(4, 4, 300, 0, 'rows', 'increasing'), ValueError, 'sigma must be'),
        (
            lambda: level_map_1d(4, 4, 5, 6, 'rows', 'increasing'),
            ValueError,
            r'sigma_low must be at most sigma \(5\), got 6',
        ),
        (
            lambda: level_map_1d(4, 4, 5, 0, 'random', 'increasing'),
            ValueError,
            "axis must be 'rows' or 'columns', got 'random'",
        ),
        (lambda: level_map_1d(4, 4, 5, 0, 'rows', 'up'), ValueError, "direction must .* 'up'"),
        (
            lambda: level_map_2d(4, 6, 5, 0, 4, 0, 'increasing'),
            ValueError,
            'centre_y must be a number 0 to 3 pixels, got 4',
        ),
        (lambda: level_map_2d(4, 6, 5, 0, 0, 6, 'increasing'), ValueError, 'centre_x .* 0 to 5'),
        (lambda: level_map_2d(4, 6, 5, 0, 0, 'random', 'increasing'), TypeError, 'centre_x'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
