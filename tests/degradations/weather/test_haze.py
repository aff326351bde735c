"""Haze against its formula, and depth."""

import numpy as np
import pytest

from mmdegrade.degradations import depth_ramp, haze, relative_depth

RNG = np.random.default_rng(0)
IMG = RNG.random((31, 44, 3))
DEPTH = RNG.random((31, 44))


@pytest.mark.parametrize('beta', [0.0, 0.7, 1.5, 3.5])
@pytest.mark.parametrize('airlight', [0.0, 0.8, 1.0])
def test_formula(beta, airlight):
    expected = np.empty_like(IMG)
    for c in range(3):
        t = np.e ** -(beta * DEPTH)
        expected[..., c] = airlight + t * (IMG[..., c] - airlight)
    assert np.abs(haze(IMG, beta, DEPTH, airlight) - expected).max() < 1e-12
    assert np.abs(haze(IMG.astype(np.float32), beta, DEPTH, airlight) - expected).max() < 1e-6
    grey = np.rint(IMG * 255).astype(np.uint8)
    t = np.exp(-beta * DEPTH)[..., None]
    rounded = np.rint(grey * t + (1 - t) * 255 * airlight)
    difference = haze(grey, beta, DEPTH, airlight) - rounded
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 1e-3


def test_limits():
    grey = np.rint(IMG * 255).astype(np.uint8)
    for img in (IMG, IMG.astype(np.float32), grey):
        assert np.array_equal(haze(img, 0, DEPTH), img)
        assert np.array_equal(haze(img, 3, np.zeros((31, 44))), img)
        top = 255 if img.dtype == np.uint8 else 1
        assert np.all(haze(img, 1000, np.ones((31, 44))) == top)
    assert np.all(haze(grey, 1000, np.ones((31, 44)), 0.5) == 128)  # 127.5, half to even


def test_ramp():
    ramp = depth_ramp(5, 3)
    assert ramp.dtype == np.float32
    assert ramp.tolist() == [[v] * 3 for v in (1, 0.75, 0.5, 0.25, 0)]
    assert depth_ramp(1, 2).tolist() == [[1, 1]]
    assert np.array_equal(haze(IMG, 2), haze(IMG, 2, depth_ramp(31, 44)))
    out = haze(IMG, 2)
    assert np.array_equal(out[-1], IMG[-1]) and np.allclose(out[0], 1 - np.exp(-2) * (1 - IMG[0]))


@pytest.mark.parametrize('shape', [(4, 1), (1, 4), (4, 1, 1), (1, 1), (2, 2, 6), (1, 1, 4)])
def test_small_and_many_channelled(shape):
    img = np.random.default_rng(1).random(shape)
    t = np.exp(-2 * depth_ramp(*shape[:2]).astype(float)).reshape(
        shape[:2] + (1,) * (len(shape) - 2)
    )
    assert np.allclose(haze(img, 2), img * t + 1 - t)


def test_relative_depth():
    metres = np.array([[0, 5, 10], [np.inf, np.nan, 20]])
    assert relative_depth(metres).tolist() == [[0, 0.25, 0.5], [1, 1, 1]]
    assert relative_depth(metres, far=10).tolist() == [[0, 0.5, 1], [1, 1, 1]]
    assert relative_depth(metres, far=10).dtype == np.float32
    assert relative_depth(np.array([[1, 4]], np.uint16)).tolist() == [[0.25, 1]]
    assert relative_depth(np.full((2, 2), np.inf), far=3).tolist() == [[1, 1], [1, 1]]
    assert np.isnan(metres[1, 1])  # not written to


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (
            lambda: haze(IMG, 1, DEPTH.T),
            ValueError,
            r'size of the image, \(31, 44\), got \(44, 31\)',
        ),
        (lambda: haze(IMG, 1, DEPTH * 80), ValueError, r'on \[0, 1\] or None, got values.*metres'),
        (lambda: haze(IMG, 1, DEPTH - 1), ValueError, r'got values in \[-'),
        (lambda: haze(IMG, 1, DEPTH * np.nan), ValueError, r'got values in \[nan'),
        (lambda: haze(IMG, 1, np.ones((31, 44), int)), TypeError, 'got int64: turn metres'),
        (lambda: haze(IMG, 1, [[1.0]]), TypeError, r'\(list\)'),
        (lambda: haze(IMG, 1, DEPTH[None]), ValueError, r'got shape \(1, 31, 44\)'),
        (lambda: haze(IMG, -1), ValueError, 'beta must be a number 0 to 1000'),
        (lambda: haze(IMG, 1, airlight=1.2), ValueError, 'airlight must be a number 0 to 1,'),
        (lambda: relative_depth(-np.ones((2, 2))), ValueError, '0 or more, got -1'),
        (lambda: relative_depth(np.zeros((2, 2))), ValueError, 'far must be above 0'),
        (lambda: relative_depth(np.ones((2, 2)), far=0), ValueError, 'far must be above 0'),
        (lambda: relative_depth(np.full((2, 2), np.nan)), ValueError, 'no finite value'),
        (lambda: relative_depth(np.ones(3)), ValueError, r'shape \(H, W\), got \(3,\)'),
        (lambda: relative_depth(np.array([['a']])), TypeError, 'int or float array'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
