"""Speckle noise against its law at every grey level."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.noise.speckle import speckle_noise


@pytest.mark.parametrize('level', [0, 1, 40, 128, 255])
@pytest.mark.parametrize('sigma', [0.15, 0.6])
def test_uint8_follows_the_rounded_formula(level, sigma):
    out = speckle_noise(np.full((200, 200, 3), level, np.uint8), sigma, keyed_rng(level, sigma))
    assert out.dtype == np.uint8
    if level == 0:
        assert not out.any()
        return
    edges = np.append(np.arange(256) - 0.5, np.inf)
    edges[0] = -np.inf
    expected = np.diff(stats.norm.cdf(edges, level, level * sigma)) * out.size
    counts = np.bincount(out.ravel(), minlength=256)
    common = expected > 5
    chi2 = ((counts - expected) ** 2 / np.maximum(expected, 1e-300))[common].sum()
    assert stats.chi2.sf(chi2, max(common.sum() - 1, 1)) > 1e-4
    assert counts[expected < 1e-9].sum() == 0


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_float(dtype):
    img = np.linspace(-0.2, 1.2, 300_000).astype(dtype).reshape(1000, 100, 3)
    out = speckle_noise(img, 0.4, keyed_rng(1))
    assert out.dtype == dtype and out.max() > 1.5  # not clipped
    known = np.abs(img) > 0.05
    z = ((out - img)[known] / (img * 0.4)[known]).astype(float)
    assert stats.kstest(z, 'norm').pvalue > 1e-3
    assert z.var() == pytest.approx(1, abs=5 * math.sqrt(2 / z.size))
    clipped = speckle_noise(img, 0.4, keyed_rng(1), clip=True)
    assert np.array_equal(clipped, np.clip(out, 0, 1))


def test_every_dtype_gets_the_same_noise():
    img = keyed_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    a = speckle_noise(img, 0.35, keyed_rng(2))
    b = speckle_noise(img, 0.35, keyed_rng(2), clip=False)
    assert b.dtype == np.float32 and b.max() > 1.2
    for dtype in (np.float32, np.float64):
        c = speckle_noise((img / 255).astype(dtype), 0.35, keyed_rng(2))
        assert np.abs(c - b).max() < 2e-6
        assert np.abs(np.clip(c * 255.0, 0, 255) - a).max() < 0.501


def test_channels_are_independent():
    out = speckle_noise(np.full((300, 300, 3), 100, np.uint8), 0.2, keyed_rng(4))
    correlation = np.corrcoef(out.reshape(-1, 3).T.astype(float))[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 5 / 300


def test_zero_changes_nothing_and_errors():
    img = keyed_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(speckle_noise(img, 0, 0), img)
    assert np.array_equal(speckle_noise(img / 255, 0, 0), img / 255)
    with pytest.raises(ValueError, match='sigma must be a number 0 to 8'):
        speckle_noise(img, 15, 0)
    with pytest.raises(TypeError, match='clip must be'):
        speckle_noise(img, 0.1, 0, clip='no')
