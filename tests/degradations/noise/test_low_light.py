"""Low light against its model, step by step."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.degradations.noise.low_light import low_light
from mmdegrade.degradations.noise.response import from_linear, to_linear


@pytest.mark.parametrize('level', [0, 10, 128, 255])
@pytest.mark.parametrize(
    'params',
    [
        dict(exposure=0.5),
        dict(exposure=1 / 32),
        dict(exposure=0.1, photons=300, read_noise=0, gain=10),
        dict(exposure=0.02, photons=5000, read_noise=1.5, gain=30),
    ],
)
def test_uint8_follows_the_model(level, params):
    img = np.full((150, 200, 3), level, np.uint8)
    out = low_light(img, rng=keyed_rng(level), **params)
    params = dict(dict(photons=1000, read_noise=3, gain=1), **params)
    mean = params['photons'] * params['exposure'] * float(to_linear(np.array(level / 255)))
    electrons = np.arange(-40, int(stats.poisson.isf(1e-12, mean)) + 42)
    arrived = np.arange(int(stats.poisson.isf(1e-13, mean)) + 2)
    if params['read_noise']:
        distance = electrons[:, None] - arrived
        law = stats.norm.cdf((distance + 0.5) / params['read_noise'])
        law -= stats.norm.cdf((distance - 0.5) / params['read_noise'])
        law = law @ stats.poisson.pmf(arrived, mean)
    else:
        law = stats.poisson.pmf(electrons, mean)
    light = np.clip(params['gain'] * np.maximum(electrons, 0) / params['photons'], 0, 1)
    grey = np.rint(255 * from_linear(light)).astype(int)
    expected = np.bincount(grey, law, minlength=256) * out.size
    counts = np.bincount(out.ravel(), minlength=256)
    assert counts[expected < 1e-6].sum() == 0
    common = expected > 5
    chi2 = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, max(common.sum() - 1, 1)) > 1e-4


def test_every_dtype_gets_the_same_electrons():
    img = keyed_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    for degree in (1, 5):
        a = degrade(img, 'low_light', degree, rng=keyed_rng(2))
        for dtype in (np.float32, np.float64):
            b = degrade((img / 255).astype(dtype), 'low_light', degree, rng=keyed_rng(2))
            assert b.dtype == dtype and b.min() >= 0 and b.max() <= 1
            assert np.abs(b * 255.0 - a).max() < 0.501


def test_limits():
    img = keyed_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    # Nothing arrives: black, but for the read noise.
    assert not low_light(img, 0, 0, read_noise=0).any()
    assert low_light(img, 0, 0).any()
    # Much light and no read noise: only darker by the curve.
    bright = low_light(img / 255, 0.25, 0, photons=1e6, read_noise=0)
    assert np.abs(bright - from_linear(0.25 * to_linear(img / 255))).max() < 0.01
    # The gain gives the brightness back, with the noise of the few electrons.
    grey = np.full((300, 300), 120, np.uint8)
    again = to_linear(low_light(grey / 255, 1 / 16, keyed_rng(1), gain=16.0))
    light = float(to_linear(np.array(120 / 255)))
    assert again.mean() == pytest.approx(light, abs=0.002)
    expected = (1000 / 16 * light + 9 + 1 / 12) * (16 / 1000) ** 2
    assert again.var() == pytest.approx(expected, rel=5 * math.sqrt(3 / 90_000))


def test_channels_are_independent():
    out = low_light(np.full((300, 300, 3), 100, np.uint8), 0.125, keyed_rng(4))
    correlation = np.corrcoef(out.reshape(-1, 3).T.astype(float))[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 5 / 300


@pytest.mark.parametrize(
    ('params', 'words'),
    [
        (dict(exposure=1.1), 'exposure must be a number 0 to 1'),
        (dict(exposure=0.5, photons=0), 'photons must be a number 1 to 1e'),
        (dict(exposure=0.5, read_noise=-1), 'read_noise must be a number 0 to 100 electrons'),
        (dict(exposure=0.5, gain=-1), 'gain must be'),
    ],
)
def test_errors(params, words):
    with pytest.raises(ValueError, match=words):
        low_light(np.zeros((4, 4), np.uint8), rng=0, **params)
