"""Counts of light against Poisson's law and its sum with read noise."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.noise import counts as module
from mmdegrade.degradations.noise.counts import draw_counts, poisson_laws
from mmdegrade.degradations.noise.response import to_linear


def chi2_of_counts(counts, law, first):
    """p-value of the counts against probabilities of first, first + 1, …; rare ones gathered."""
    got = np.bincount(np.clip(counts - first, 0, len(law) - 1), minlength=len(law))
    expected = law * counts.size
    common = expected > 5
    got = np.append(got[common], got[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    if expected[-1] < 5:
        assert got[-1] < 40
        got, expected = got[:-1], expected[:-1]
    if len(got) == 1:
        return 1.0
    return stats.chisquare(got, expected * got.sum() / expected.sum()).pvalue


@pytest.mark.parametrize('scale', [0.01, 1, 60, 255, 4096, 1e5])
def test_laws_are_poisson(scale):
    means = scale * np.array([0, 1e-9, 1 / 255, 0.1, 0.5, 1])
    first, law = poisson_laws(means)
    assert np.allclose(law.sum(axis=1), 1, atol=1e-14)
    for mean, start, row in zip(means, first, law, strict=True):
        expected = stats.poisson.pmf(start + np.arange(len(row)), mean)
        # SciPy's own digits give out at large means.
        assert np.abs(row - expected).max() < 1e-12
        rare = expected > 1e-14
        assert np.allclose(row[rare], expected[rare], rtol=1e-8)


@pytest.mark.parametrize('read_noise', [0.0, 0.4, 3.0])
def test_probabilities_of_the_table(read_noise):
    law = module._law(100.0, to_linear, read_noise)
    width = law._width
    table = law.table.reshape(256, -1)
    left = np.diff(law.cumulative, prepend=0).reshape(256, width)
    values = law.values.reshape(256, width)
    for level in (0, 1, 77, 200, 255):
        mean = 100 * to_linear(np.array(level / 255))
        entries = np.array([(table[level] == v).sum() for v in values[level]])
        got = (entries + left[level]) / 2**law.bits
        if read_noise == 0:
            expected = stats.poisson.pmf(values[level], mean)
        else:
            many = np.arange(300)
            upper = stats.norm.cdf((values[level][:, None] - many + 0.5) / read_noise)
            lower = stats.norm.cdf((values[level][:, None] - many - 0.5) / read_noise)
            expected = (upper - lower) @ stats.poisson.pmf(many, mean)
        assert np.abs(got - expected).max() < 1e-12


@pytest.mark.parametrize('scale', [3.0, 255.0, 4000.0, 5000.0])
@pytest.mark.parametrize('level', [0, 1, 60, 255])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_draws_follow_the_law(scale, level, dtype):
    # 5000 is above the limit of the table.
    img = np.full((300, 300), level, np.uint8)
    img = img if dtype == np.uint8 else (img / 255).astype(dtype)
    counts = draw_counts(img, scale, keyed_rng(scale, level))
    mean = scale * level / 255
    top = int(stats.poisson.isf(1e-12, mean)) + 2
    assert counts.shape == (90_000,) and counts.min() >= 0
    assert chi2_of_counts(counts, stats.poisson.pmf(np.arange(top), mean), 0) > 1e-4


@pytest.mark.parametrize('scale', [10.0, 1000.0, 5000.0])
@pytest.mark.parametrize('x', [0.5, 0.7123, 1.3])
def test_floats_between_grey_levels(scale, x):
    # Table plus thinned points (10), or plus NumPy's (1000; 1.3 is above white), or NumPy's alone.
    counts = draw_counts(np.full((300, 300), x), scale, keyed_rng(scale, x))
    mean = scale * x
    top = int(stats.poisson.isf(1e-12, mean)) + 2
    assert chi2_of_counts(counts, stats.poisson.pmf(np.arange(top), mean), 0) > 1e-4
    assert abs(np.corrcoef(counts[:-1], counts[1:])[0, 1]) < 5 / 300


def test_means_between_grey_levels_follow_each_value():
    # Values that differ: each gets the points its own rate asks for.
    x = np.tile(np.array([0.1001, 0.1019, 0.1038, -3.0, 0.5]), 200_000)
    counts = draw_counts(x, 50.0, keyed_rng(3)).reshape(-1, 5)
    for i, mean in enumerate(50 * np.array([0.1001, 0.1019, 0.1038, 0, 0.5])):
        assert counts[:, i].mean() == pytest.approx(mean, abs=5 * math.sqrt(mean / 200_000))
        assert counts[:, i].var() == pytest.approx(
            mean, abs=5 * math.sqrt((mean + 2 * mean**2) / 200_000)
        )


@pytest.mark.parametrize('scale', [200.0, 6000.0])
def test_read_noise(scale):
    img = np.full((400, 400), 90, np.uint8)
    counts = draw_counts(img, scale, keyed_rng(scale), read_noise=7.0)
    mean = scale * 90 / 255
    var = mean + 49 + 1 / 12  # rounding
    assert counts.mean() == pytest.approx(mean, abs=5 * math.sqrt(var / img.size))
    assert counts.var() == pytest.approx(var, rel=5 * math.sqrt(2.1 / img.size))
    assert draw_counts(img * 0, scale, keyed_rng(1), read_noise=7.0).min() < -20


def test_every_dtype_gets_the_same_counts():
    img = keyed_rng(0).integers(0, 256, (300, 310, 3), dtype=np.uint8)  # several blocks
    for scale in (5.0, 255.0, 5000.0):
        expected = draw_counts(img, scale, keyed_rng(1))
        for dtype in (np.float32, np.float64):
            got = draw_counts((img / 255).astype(dtype), scale, keyed_rng(1))
            assert np.array_equal(got, expected)


def test_values_far_above_white():
    x = np.array([[8.0, 0.5]])
    counts = draw_counts(x, 4096.0, keyed_rng(0), to_linear)
    assert counts[0] == pytest.approx(4096 * to_linear(np.array(8.0)), rel=0.02)
    assert counts[1] == pytest.approx(4096 * to_linear(np.array(0.5)), rel=0.2)
