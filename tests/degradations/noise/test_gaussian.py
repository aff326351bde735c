"""Gaussian noise against the distribution it is meant to have."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import gaussian_noise, keyed_rng
from mmdegrade.degradations.noise import gaussian

GREY = np.full((300, 300, 3), 128, np.uint8)


def psnr(a, b):
    return 20 * math.log10(255 / math.sqrt(np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize('sigma', [0.3, 1, 10, 25, 50])
def test_uint8_gaussian_follows_the_rounded_formula(sigma):
    out = gaussian_noise(GREY, sigma, keyed_rng(sigma)).astype(int)
    values, counts = np.unique(out, return_counts=True)
    edges = np.append(values - 0.5, values[-1] + 0.5)
    edges[0], edges[-1] = -np.inf, np.inf
    expected = np.diff(stats.norm.cdf(edges, 128, sigma)) * out.size
    common = expected > 5
    chi2 = ((counts - expected) ** 2 / expected)[common].sum()
    assert stats.chi2.sf(chi2, max(common.sum() - 1, 1)) > 1e-4
    if sigma == 10:
        assert psnr(out, 128) == pytest.approx(20 * math.log10(255 / sigma), abs=0.05)


@pytest.mark.parametrize('sigma', [0.0, 0.2, 10.0, 50.0, 255.0])
def test_probabilities_of_the_table_are_exact(sigma):
    law = gaussian._rounded_gaussian(sigma)
    left = np.diff(law.cumulative, prepend=0)
    for k in range(-255, 256):
        upper = math.inf if k == 255 else k + 0.5
        lower = -math.inf if k == -255 else k - 0.5
        expected = float(k == 0)
        if sigma:
            # From the nearer tail, where differences keep their digits.
            a, b = (lower, upper) if k <= 0 else (-upper, -lower)
            expected = stats.norm.cdf(b / sigma) - stats.norm.cdf(a / sigma)
        got = ((law.table == k).sum() + left[law.values == k].sum()) / 65536
        assert got == pytest.approx(expected, abs=1e-14)
    assert (law.table == law._AGAIN).sum() == pytest.approx(law.cumulative[-1], abs=1e-8)


def test_saturation_of_uint8():
    for level in (0, 255):
        out = gaussian_noise(np.full((200, 200), level, np.uint8), 20, keyed_rng(level))
        assert (out == level).mean() == pytest.approx(
            stats.norm.cdf(0.5 / 20), abs=5 / math.sqrt(4 * out.size)
        )
        assert np.abs(out.astype(int) - level).max() > 60


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_float_gaussian(dtype):
    img = np.full((200, 200, 3), 0.9, dtype)
    out = gaussian_noise(img, 50, keyed_rng(2))
    assert out.dtype == dtype and out.max() > 1.3  # not clipped
    n = (out - img).ravel().astype(float) * 255
    assert n.mean() == pytest.approx(0, abs=5 * 50 / math.sqrt(n.size))
    assert n.std() == pytest.approx(50, rel=5 / math.sqrt(2 * n.size))
    assert stats.kstest(n / 50, 'norm').pvalue > 1e-3
    draws = keyed_rng(2).standard_normal(img.shape, dtype=dtype)
    assert np.abs(out - (img + draws * 50 / 255)).max() < 1e-6
    clipped = gaussian_noise(img, 50, keyed_rng(2), clip=True)
    assert np.array_equal(clipped, np.clip(out, 0, 1))


def test_unclipped_uint8_is_float32_on_0_1():
    out = gaussian_noise(GREY, 30, keyed_rng(3), clip=False)
    same = gaussian_noise(GREY.astype(np.float32) / 255, 30, keyed_rng(3))
    assert out.dtype == np.float32
    assert np.abs(out - same).max() < 1e-6
    high = gaussian_noise(np.full_like(GREY, 255), 30, keyed_rng(3), clip=False)
    assert high.max() > 1.3 and high.mean() == pytest.approx(1, abs=0.002)


def test_channels_are_independent():
    out = gaussian_noise(GREY, 20, keyed_rng(4)).reshape(-1, 3).astype(float)
    correlation = np.corrcoef(out.T)[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 5 / math.sqrt(len(out))
    neighbours = np.corrcoef(out[:-1, 0], out[1:, 0])[0, 1]
    assert abs(neighbours) < 5 / math.sqrt(len(out))


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda: gaussian_noise(GREY, -1, 0), ValueError, 'sigma must be a number 0 to 255 grey'),
        (lambda: gaussian_noise(GREY, 256, 0), ValueError, 'got 256'),
        (lambda: gaussian_noise(GREY, 1, 0, clip=1), TypeError, 'clip must be True, False or None'),
        (lambda: gaussian_noise(GREY, 1, np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
