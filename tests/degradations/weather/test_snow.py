"""Snow against its formula, with scipy for the flakes."""

import math

import numpy as np
import pytest
from scipy import ndimage, stats

from mmdegrade.degradations import KINDS, degrade, keyed_rng
from mmdegrade.degradations.blur.motion_gaussian import gaussian_motion_kernel
from mmdegrade.degradations.noise.normal import standard_normal
from mmdegrade.degradations.weather.snow import draw_angle, flakes, snow

LEVELS = [tuple(degree.values()) for degree in KINDS['snow'].degrees]
LUMA = np.array([0.299, 0.587, 0.114])


def layer(height, width, level, angle, rng):
    mean, std, zoom, threshold, radius, sigma, _ = level
    small = (math.ceil(height / zoom), math.ceil(width / zoom))
    noise = mean + std * standard_normal(math.prod(small), rng).reshape(small).astype(float)
    steps = [(n - 1) / max(round(n * zoom) - 1, 1) for n in small]
    places = np.meshgrid(np.arange(height) * steps[0], np.arange(width) * steps[1], indexing='ij')
    noise = ndimage.map_coordinates(noise, places, order=1, mode='nearest')
    noise[noise < threshold] = 0
    noise = np.clip(noise, 0, 1)
    return ndimage.correlate(noise, gaussian_motion_kernel(radius, sigma, angle), mode='mirror')


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('shape', [(70, 90), (33, 20)])
def test_flakes(level, shape):
    expected = layer(*shape, level, 71.5, keyed_rng(0))
    got = flakes(*shape, *level[:6], angle=71.5, rng=keyed_rng(0))
    assert got.dtype == np.float32 and got.shape == shape and 0 <= got.min() <= got.max() <= 1
    # Interpolated noise next to the threshold may fall to either side of it (OpenCV 4 interpolates
    # at 1/32 pixels); each such pixel moves the trail by a tap.
    assert np.abs(got - expected).mean() < 2e-3
    assert np.quantile(np.abs(got - expected), 0.9) < 1e-2


@pytest.mark.parametrize('level', [LEVELS[0], LEVELS[4]])
def test_formula(level):
    rgb = np.random.default_rng(0).random((40, 50, 3))
    flake = flakes(40, 50, *level[:6], angle=100, rng=keyed_rng(1)).astype(float)
    flake = (flake + flake[::-1, ::-1])[..., None]
    pale = np.maximum(rgb, 1.5 * (rgb @ LUMA)[..., None] + 0.5)
    expected = np.clip(level[6] * rgb + (1 - level[6]) * pale + flake, 0, 1)
    out = snow(rgb, *level, angle=100, order='rgb', rng=keyed_rng(1))
    assert np.abs(out - expected).max() < 1e-7
    swapped = snow(rgb[..., ::-1], *level, angle=100, rng=keyed_rng(1))
    assert np.abs(swapped[..., ::-1] - expected).max() < 1e-7
    single = snow(rgb.astype(np.float32), *level, angle=100, order='rgb', rng=keyed_rng(1))
    assert np.abs(single - expected).max() < 1e-5
    grey = np.rint(rgb * 255).astype(np.uint8)
    exact = snow(grey / 255, *level, angle=100, rng=keyed_rng(1)) * 255
    assert np.abs(snow(grey, *level, angle=100, rng=keyed_rng(1)) - exact).max() < 0.501


@pytest.mark.parametrize('shape', [(40, 50), (40, 50, 1), (40, 50, 6)])
def test_other_channels_are_grey(shape):
    img = np.random.default_rng(0).random(shape)
    flake = flakes(40, 50, *LEVELS[2][:6], angle=50, rng=keyed_rng(1)).astype(float)
    flake = (flake + flake[::-1, ::-1]).reshape((40, 50) + (1,) * (len(shape) - 2))
    expected = np.clip(0.7 * img + 0.3 * (1.5 * img + 0.5) + flake, 0, 1)
    assert np.abs(snow(img, *LEVELS[2], angle=50, rng=keyed_rng(1)) - expected).max() < 1e-7
    if shape == (40, 50):
        three = snow(np.dstack([img] * 3), *LEVELS[2], angle=50, rng=keyed_rng(1))
        assert np.allclose(three, expected[..., None])


def test_angle_is_drawn_and_recorded():
    rng = keyed_rng(0)
    angles = [draw_angle(rng) for _ in range(2000)]
    assert stats.kstest(angles, stats.uniform(45, 90).cdf).pvalue > 1e-3
    img = np.random.default_rng(0).random((20, 20, 3))
    out, params = degrade(img, 'snow', 1, rng=7, return_params=True)
    assert 45 <= params['angle'] <= 135 and params['order'] == 'bgr'
    assert np.array_equal(out, snow(img, *LEVELS[0], rng=7))


def test_without_flakes_and_whitening_nothing_changes():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    assert np.array_equal(snow(img, 0, 0, 2, 0.5, 10, 4, 1, rng=0), img)


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        (dict(keep=2), ValueError, 'keep must be a number 0 to 1'),
        (dict(zoom=0.5), ValueError, 'zoom must be a number 1 to 100'),
        (dict(std=-1), ValueError, 'std must be a number 0 to 10'),
        (dict(radius=1.5), TypeError, 'radius must be an integer'),
        (dict(angle='up'), ValueError, "or 'random', got 'up'"),
        (dict(order='x'), ValueError, 'order must be'),
        (dict(rng=np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(change, error, words):
    given = dict(KINDS['snow'].degrees[0], rng=0)
    with pytest.raises(error, match=words):
        snow(np.zeros((4, 4)), **{**given, **change})
