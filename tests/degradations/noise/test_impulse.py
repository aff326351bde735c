"""Pepper and random-valued impulse noise against their rates."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.noise.impulse import impulse_noise, pepper_noise

GREY = np.full((300, 300, 3), 128, np.uint8)


@pytest.mark.parametrize('amount', [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_pepper(amount, dtype):
    img = GREY if dtype == np.uint8 else (GREY / 255).astype(dtype)
    out = pepper_noise(img, amount, keyed_rng(amount))
    assert out.dtype == dtype
    assert np.all((out == img) | (out == 0))
    hit = out == 0
    assert np.array_equal(hit.any(axis=2), hit.all(axis=2))  # channels go together
    low, high = stats.binom.interval(1 - 1e-6, 300 * 300, amount)
    assert low <= hit.all(axis=2).sum() <= high
    assert np.array_equal(hit, pepper_noise(GREY, amount, keyed_rng(amount)) == 0)
    if 0 < amount < 1:
        rows = np.corrcoef(hit[:-1, :, 0].ravel(), hit[1:, :, 0].ravel())[0, 1]
        assert abs(rows) < 5 / 300


@pytest.mark.parametrize('channels', [None, 1, 2, 4, 6, 700])
def test_pepper_of_any_channels(channels):
    shape = (40, 50) if channels is None else (40, 50, channels)
    img = keyed_rng(1).integers(1, 256, shape, dtype=np.uint8)
    out = pepper_noise(img, 0.4, keyed_rng(2))
    lost = (out == 0).reshape(40, 50, -1)
    assert np.array_equal(lost.any(axis=2), lost.all(axis=2))
    assert np.array_equal(out[out > 0], img[out > 0])
    one = pepper_noise(np.ones((40, 50), np.uint8), 0.4, keyed_rng(2))  # the same places
    assert np.array_equal(lost[..., 0], one == 0)


@pytest.mark.parametrize('amount', [0.03, 0.27, 1.0])
def test_impulse(amount):
    out = impulse_noise(GREY, amount, keyed_rng(amount))
    counts = np.bincount(out.ravel(), minlength=256)
    expected = np.full(256, amount / 256)
    expected[128] += 1 - amount  # a random value can be the old one
    assert stats.chisquare(counts, expected * out.size).pvalue > 1e-4


def test_impulses_of_channels_are_independent():
    hit = (impulse_noise(GREY, 0.2, keyed_rng(4)) != 128).reshape(-1, 3)
    share = (0.2 * 255 / 256) ** 3
    assert hit.all(axis=1).mean() == pytest.approx(share, abs=5 * math.sqrt(share / len(hit)))
    # Which value comes does not depend on the place of the other hits.
    out = impulse_noise(GREY, 1, keyed_rng(5)).reshape(-1, 3).astype(float)
    assert np.abs(np.corrcoef(out.T)[np.triu_indices(3, 1)]).max() < 5 / 300


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_impulses_are_the_same_in_every_dtype(dtype):
    img = keyed_rng(0).integers(0, 256, (70, 50, 3), dtype=np.uint8)
    a = impulse_noise(img, 0.3, keyed_rng(6))
    b = impulse_noise((img / 255).astype(dtype), 0.3, keyed_rng(6))
    assert b.dtype == dtype and np.abs(b * 255.0 - a).max() < 1e-4
    # What is not hit stays as it is, out of range too.
    far = impulse_noise(np.full((50, 50), 3.7, dtype), 0.5, keyed_rng(7))
    assert (far == dtype(3.7)).mean() == pytest.approx(0.5, abs=0.05)
    assert far[far != dtype(3.7)].max() <= 1


def test_zero_changes_nothing_and_errors():
    img = keyed_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for function in (pepper_noise, impulse_noise):
        assert np.array_equal(function(img, 0, 0), img)
        assert np.array_equal(function(img / 255, 0, 0), img / 255)
        with pytest.raises(ValueError, match='amount must be a number 0 to 1'):
            function(img, 1.5, 0)
        with pytest.raises(TypeError, match='RandomState'):
            function(img, 0.5, np.random.RandomState(0))
