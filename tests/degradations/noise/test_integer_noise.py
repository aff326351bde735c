"""Draws of whole numbers by table against their laws."""

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.noise.integer_noise import IntegerNoise, rounded_normal


def test_draws_use_both_steps_of_the_table():
    # 40,000 equal values: one table entry each, so the second step carries 25,536 of 65,536.
    values = np.arange(-20000, 20000)
    law = IntegerNoise(values, np.full(40000, 1 / 40000))
    draws = law.draw(400_003, keyed_rng(1))
    assert draws.shape == (400_003,) and draws.dtype == np.int16
    counts = np.bincount(draws.astype(int) + 20000, minlength=40000)
    assert stats.chi2.sf(((counts - 10.0) ** 2 / 10.0).sum(), 39999) > 1e-4


@pytest.mark.parametrize('bits', [2, 5, 13, 16])
def test_several_laws_share_a_table(bits):
    # Few bits leave nearly everything to the second step.
    probabilities = np.array([[0.5, 0.3, 0.2, 0, 0], [0, 0, 1, 0, 0], [0.01, 0.09, 0.2, 0.3, 0.4]])
    values = np.array([[-3, -2, -1, 0, 1], [5, 6, 7, 8, 9], [100, 200, 300, 400, 500]])
    law = IntegerNoise(values, probabilities, bits=bits)
    size = 300_001  # more than a block
    levels = np.arange(size).astype(np.uint8) % 3
    draws = law.draw(size, keyed_rng(bits), levels)
    assert draws.shape == (size,) and draws.dtype == np.int16
    for level in range(3):
        got = draws[levels == level]
        possible = values[level][probabilities[level] > 0]
        assert np.isin(got, possible).all()
        counts = np.array([(got == v).sum() for v in possible])
        expected = probabilities[level][probabilities[level] > 0] * len(got)
        if len(possible) > 1:
            assert stats.chisquare(counts, expected).pvalue > 1e-4


def test_probabilities_of_a_shared_table_are_exact():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(40, 0.2), size=256)
    law = IntegerNoise(np.arange(40), probabilities, bits=8)
    left = np.diff(law.cumulative, prepend=0).reshape(256, 40)
    table = law.table.reshape(256, 256)
    entries = np.stack([(table == k).sum(axis=1) for k in range(40)], axis=1)
    assert np.abs((entries + left) / 256 - probabilities).max() < 1e-12
    assert np.allclose((table == law._AGAIN).sum(axis=1), left.sum(axis=1), atol=1e-9)


def test_neighbouring_draws_of_one_law_are_independent():
    law = IntegerNoise([0, 1], [[0.5, 0.5], [0.25, 0.75]], bits=1)
    levels = np.ones(400_000, np.uint8)
    draws = law.draw(levels.size, keyed_rng(7), levels).astype(float)
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 5 / np.sqrt(levels.size)


def test_draws_stay_the_same_from_version_to_version():
    # Else a run that is resumed would go on with other noise.
    law = IntegerNoise(*rounded_normal(25, 255))
    assert law.draw(12, keyed_rng('pinned')).tolist() == [
        20, 16, -5, 9, 4, -4, 0, -28, -28, -29, -39, 4,
    ]  # fmt: skip
    again = IntegerNoise(np.arange(5), np.full(5, 0.2), bits=16).draw(400_000, keyed_rng('pinned'))
    assert int((again * np.arange(400_000)).sum()) == 160274065260


@pytest.mark.parametrize('sigma', [0.0, 0.1, 3.0, 200.0])
def test_rounded_normal(sigma):
    values, probabilities = rounded_normal(sigma, 300)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    if sigma == 0:
        assert values.tolist() == [0]
        return
    edges = np.append(values - 0.5, 300.5)
    edges[0], edges[-1] = -np.inf, np.inf
    expected = np.diff(stats.norm.cdf(edges, 0, sigma))
    assert np.abs(probabilities - expected).max() < 1e-14
