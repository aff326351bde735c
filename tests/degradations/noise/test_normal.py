"""The fast normal numbers against the normal distribution."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.noise.normal import standard_normal


def test_distribution():
    z = standard_normal(2_000_000, keyed_rng(0)).astype(float)
    assert z.mean() == pytest.approx(0, abs=5 / math.sqrt(z.size))
    assert z.var() == pytest.approx(1, abs=5 * math.sqrt(2 / z.size))
    assert (z**3).mean() == pytest.approx(0, abs=5 * math.sqrt(15 / z.size))
    assert (z**4).mean() == pytest.approx(3, abs=5 * math.sqrt(96 / z.size))
    assert stats.kstest(z, 'norm').pvalue > 1e-3
    # Tails, whose entries are all drawn again.
    for limit in (3.5, 4.0, 4.5):
        share = stats.norm.sf(limit)
        for beyond in ((z > limit).sum(), (z < -limit).sum()):
            low, high = stats.binom.interval(1 - 1e-6, z.size, share)
            assert low <= beyond <= high


def test_within_and_across_steps():
    # Cells of a third of a step, so that neither steps nor parts of a step stand out.
    z = standard_normal(1_000_000, keyed_rng(1))
    edges = np.arange(-200, 201) / 384
    counts = np.histogram(z, edges)[0]
    inside = counts.sum()
    expected = np.diff(stats.norm.cdf(edges))
    expected *= inside / expected.sum()
    assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_numbers_are_independent():
    # Across the border of a block as well.
    z = standard_normal(400_000, keyed_rng(2)).astype(float)
    for lag in (1, 2, 3, 1 << 16):
        assert abs(np.mean(z[lag:] * z[:-lag])) < 5 / math.sqrt(z.size - lag)
        assert abs(np.mean(z[lag:] ** 2 * z[:-lag] ** 2) - 1) < 5 * math.sqrt(8 / (z.size - lag))


@pytest.mark.parametrize('size', [1, 2, 3, 65535, 65536, 65537])
def test_sizes(size):
    z = standard_normal(size, keyed_rng(3))
    assert z.shape == (size,) and z.dtype == np.float32 and np.abs(z).max() < 9
    assert np.array_equal(z, standard_normal(size, keyed_rng(3)))
