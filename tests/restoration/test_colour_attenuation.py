"""The colour attenuation prior against its formulas."""

import colorsys

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations.weather.guided_filter import guided_filter
from mmdegrade.restoration import dehaze_colour_attenuation
from mmdegrade.restoration.colour_attenuation import EPS, colour_depth
from mmdegrade.restoration.dehazing import brightest_of_hazy

RNG = np.random.default_rng(0)
IMG = RNG.random((40, 50, 3))
IMG[3, 4] = 0


def depth_of(img, patch):
    """By the standard library's HSV, pixel by pixel."""
    depth = np.empty(img.shape[:2])
    for place in np.ndindex(depth.shape):
        _, s, v = colorsys.rgb_to_hsv(*img[place])
        depth[place] = 0.121779 + 0.959710 * v - 0.780245 * s
    return ndimage.minimum_filter(depth, patch, mode='nearest')


def oracle(img, beta=1.0, t0=0.1, patch=15, radius=60, airlight=None):
    depth = depth_of(img, patch)
    light = np.array(brightest_of_hazy(img, depth) if airlight is None else airlight)
    if radius:
        depth = guided_filter(img, depth, radius, EPS)
    t = np.clip(np.exp(-beta * depth), t0, 1)[..., None]
    return np.clip((img - light) / t + light, 0, 1)


def test_depth():
    for patch in (1, 7):
        assert np.abs(colour_depth(IMG, patch) - depth_of(IMG, patch)).max() < 1e-12
        single = colour_depth(IMG.astype(np.float32), patch)
        assert single.dtype == np.float32
        assert np.abs(single - depth_of(IMG, patch)).max() < 1e-6
    red, white = np.array([[[0.8, 0, 0]]]), np.ones((1, 1, 3))
    assert colour_depth(red)[0, 0] == pytest.approx(0.121779 + 0.8 * 0.959710 - 0.780245)
    assert colour_depth(white)[0, 0] == pytest.approx(1.081489)
    assert colour_depth(np.zeros((1, 1, 3)))[0, 0] == pytest.approx(0.121779)


@pytest.mark.parametrize(
    'params',
    [
        {},
        dict(airlight=[0.9, 1.0, 0.8]),
        dict(beta=2.5, t0=0.3, patch=7, radius=3),
        dict(radius=0, patch=1, airlight=[1.0, 1.0, 1.0]),
    ],
)
def test_formula(params):
    expected = oracle(IMG, **params)
    assert np.abs(dehaze_colour_attenuation(IMG, **params) - expected).max() < 1e-9
    single = dehaze_colour_attenuation(IMG.astype(np.float32), **params)
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-3
    eight = np.rint(IMG * 255).astype(np.uint8)
    out = dehaze_colour_attenuation(eight, **params)
    assert out.dtype == np.uint8
    assert np.abs(out - oracle(eight / 255, **params) * 255).max() < 1


def test_depth_of_a_hazy_scene_grows_with_haze():
    scene = RNG.uniform(0, 0.6, (1, 200, 3))
    means = [colour_depth(scene * t + 1 - t).mean() for t in (1, 0.7, 0.4, 0.1)]
    assert all(a < b for a, b in zip(means, means[1:], strict=False))


def test_identities_and_limits():
    eight = np.rint(IMG * 255).astype(np.uint8)
    for img in (IMG, eight):
        out = dehaze_colour_attenuation(img, beta=0)
        assert np.array_equal(out, img) and not np.shares_memory(out, img)
    white, black = np.full((20, 20, 3), 255, np.uint8), np.zeros((20, 20, 3), np.uint8)
    assert np.array_equal(dehaze_colour_attenuation(white), white)
    assert np.array_equal(dehaze_colour_attenuation(black), black)
    # Saturated and dark: the depth is below 0, which leaves pixels as they are.
    red = np.zeros((20, 20, 3), np.uint8)
    red[..., 2] = 90
    assert np.array_equal(dehaze_colour_attenuation(red, airlight=1), red)


def test_channel_order_does_not_matter():
    eight = np.rint(IMG * 255).astype(np.uint8)
    swapped = dehaze_colour_attenuation(np.ascontiguousarray(eight[..., ::-1]))[..., ::-1]
    assert np.abs(swapped.astype(int) - dehaze_colour_attenuation(eight)).max() <= 1


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(beta=-1), ValueError, 'beta must be a number 0 to 100, got -1'),
        (dict(t0=2), ValueError, 't0 must be a number 0.001 to 1, got 2'),
        (dict(patch=300), ValueError, 'patch must be an odd integer 1 to 255'),
        (dict(radius=1.5), TypeError, 'radius must be an integer 0 to 1000'),
        (dict(airlight=1.5), ValueError, 'airlight must be a number 0 to 1'),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        dehaze_colour_attenuation(IMG, **params)
