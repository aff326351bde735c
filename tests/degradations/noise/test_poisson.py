"""Poisson noise against the law of every grey level."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.degradations.noise.poisson import poisson_noise


@pytest.mark.parametrize('peak', [0.5, 3, 12, 60, 255, 1000])
@pytest.mark.parametrize('level', [0, 1, 128, 255])
def test_uint8_is_the_rounded_and_saturated_count(peak, level):
    img = np.full((150, 200, 3), level, np.uint8)
    out = poisson_noise(img, peak, keyed_rng(peak, level))
    assert out.dtype == np.uint8
    mean = peak * level / 255
    many = np.arange(int(stats.poisson.isf(1e-12, mean)) + 2)
    grey = np.rint(np.minimum(255 * many / peak, 255)).astype(int)
    expected = np.bincount(grey, stats.poisson.pmf(many, mean), minlength=256) * out.size
    counts = np.bincount(out.ravel(), minlength=256)
    assert counts[expected < 1e-6].sum() == 0
    common = expected > 5
    chi2 = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, max(common.sum() - 1, 1)) > 1e-4


def test_unclipped_as_sdabn():
    # The mean is the pixel on 0-255; float32 on [0, 1] and beyond.
    img = keyed_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    out = degrade(img, 'poisson', peak=255, clip=False, rng=keyed_rng(1))
    assert out.dtype == np.float32 and out.max() > 1.1 and out.min() == 0
    counts = out.astype(float) * 255
    assert np.abs(counts - np.rint(counts)).max() < 1e-4
    z = (counts - img)[img > 0] / np.sqrt(img[img > 0])
    assert z.mean() == pytest.approx(0, abs=5 / math.sqrt(z.size))
    assert z.var() == pytest.approx(1, abs=6 * math.sqrt(3 / z.size))


@pytest.mark.parametrize('peak', [3.0, 60.0, 255.0])
def test_every_dtype_gets_the_same_noise(peak):
    img = keyed_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    a = poisson_noise(img, peak, keyed_rng(2))
    b = poisson_noise(img, peak, keyed_rng(2), clip=False)
    assert np.abs(np.clip(b, 0, 1) * 255 - a).max() < 0.501
    for dtype in (np.float32, np.float64):
        c = poisson_noise((img / 255).astype(dtype), peak, keyed_rng(2))
        assert c.dtype == dtype and np.abs(c - b).max() < 1e-6
        clipped = poisson_noise((img / 255).astype(dtype), peak, keyed_rng(2), clip=True)
        assert np.array_equal(clipped, np.clip(c, 0, 1))


def test_negative_and_bright_floats():
    out = poisson_noise(np.full((100, 100), -0.3), 60, 0)
    assert not out.any()
    out = poisson_noise(np.full((300, 300), 2.5), 60, 0)
    assert out.mean() == pytest.approx(2.5, abs=5 * math.sqrt(2.5 / 60) / 300)
    assert poisson_noise(np.full((9, 9), 2.5), 60, 0, clip=True).max() == 1


def test_channels_are_independent():
    out = poisson_noise(np.full((300, 300, 3), 100, np.uint8), 25, keyed_rng(4))
    correlation = np.corrcoef(out.reshape(-1, 3).T.astype(float))[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 5 / 300


def test_errors():
    img = np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match='peak must be a number 0.01 to 1e'):
        poisson_noise(img, 0, 0)
    with pytest.raises(TypeError, match='clip must be'):
        poisson_noise(img, 3, 0, clip='no')
    with pytest.raises(TypeError, match='RandomState'):
        poisson_noise(img, 3, np.random.RandomState(0))
