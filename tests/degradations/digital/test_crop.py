"""The lost square: its size, its place, what stays."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.degradations.digital.crop import square_crop, square_side


@pytest.mark.parametrize('ratio', [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.99, 1])
@pytest.mark.parametrize('shape', [(100, 80, 3), (31, 50), (7, 7, 1), (1, 1), (2, 9, 6)])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_square(ratio, shape, dtype):
    img = np.ones(shape, dtype)
    out = square_crop(img, ratio, rng=0)
    side = 2 * math.floor(round(ratio * 100) * min(shape[:2]) / 200)
    lost = (out == 0).reshape(*shape[:2], -1)
    assert out.dtype == dtype and np.all((out == 0) | (out == 1))
    assert np.array_equal(lost.any(axis=2), lost.all(axis=2))  # all channels alike
    rows, columns = np.flatnonzero(lost.any((1, 2))), np.flatnonzero(lost.any((0, 2)))
    assert len(rows) == len(columns) == side and lost[..., 0].sum() == side**2
    assert img.all()


def test_side():
    assert square_side(0.58, 100, 200) == 58  # 0.58 * 100 is below 58 in floats
    assert square_side(0.59, 100, 200) == 58 and square_side(1, 5, 9) == 4


def test_every_place_is_equally_likely():
    img, rng = np.ones((8, 10), np.uint8), keyed_rng(0)
    places = np.zeros((5, 7), int)
    for _ in range(4000):
        lost = square_crop(img, 0.5, rng=rng) == 0
        places[lost.any(axis=1).argmax(), lost.any(axis=0).argmax()] += 1
    assert places.sum() == 4000 and stats.chisquare(places.ravel()).pvalue > 1e-4


def test_place_is_recorded():
    img = np.random.default_rng(0).random((40, 50, 3))
    out, params = degrade(img, 'crop', 3, rng=1, return_params=True)
    assert params['ratio'] == 0.3 and 0 <= params['top'] <= 28 and 0 <= params['left'] <= 38
    assert type(params['top']) is int and type(params['left']) is int
    assert np.array_equal(out, degrade(img, 'crop', **params))
    assert np.array_equal(out, square_crop(img, 0.3, rng=1))
    expected = img.copy()
    expected[params['top'] : params['top'] + 12, params['left'] : params['left'] + 12] = 0
    assert np.array_equal(out, expected)
    # One coordinate given, the other drawn.
    params = degrade(img, 'crop', 3, top=5, rng=1, return_params=True)[1]
    assert params['top'] == 5 and 0 <= params['left'] <= 38


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        ((1.1,), ValueError, 'ratio must be a number 0 to 1'),
        ((0.5, -1, 0), ValueError, 'top must be an integer 0 to 1000000 pixels or None'),
        ((0.5, 0, 0.5), TypeError, 'left must be an integer'),
        ((0.5, 7, 0), ValueError, r'top must be 0 to 6 .* 4 pixels .* \(10, 9\), got 7'),
        ((0.5, 0, 6), ValueError, 'left must be 0 to 5'),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        square_crop(np.zeros((10, 9)), *arguments)
