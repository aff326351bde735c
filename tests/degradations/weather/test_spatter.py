"""Spatter: the mixture of liquid and image, and where the liquid is."""

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations import KINDS, keyed_rng
from mmdegrade.degradations.noise.normal import standard_normal
from mmdegrade.degradations.weather.spatter import mud, spatter, water

DEGREES = KINDS['spatter'].degrees
WATER, MUD = np.array([175, 238, 238]) / 255, np.array([63, 42, 20]) / 255  # red first
LUMA = np.array([0.2989, 0.5870, 0.1140])


def liquid_layer(shape, degree, rng):
    noise = standard_normal(shape[0] * shape[1], rng).reshape(shape[:2]).astype(float)
    noise = noise * degree['std'] + degree['mean']
    layer = ndimage.gaussian_filter(noise, degree['sigma'], mode='nearest', truncate=4)
    return np.where(layer < degree['threshold'], 0, layer)


def expected_image(rgb, degree, rng):
    layer = liquid_layer(rgb.shape, degree, rng).astype(np.float32)
    if degree['liquid'] == 'water':
        share = water(layer, degree['opacity'])[..., None].astype(float)
        return np.clip(rgb + share * WATER, 0, 1)
    share = ndimage.gaussian_filter(
        (layer > degree['threshold']).astype(float), degree['softness'], mode='nearest', truncate=4
    )
    share = np.where(share < 0.8, 0, share)[..., None]
    return np.clip(rgb * (1 - share) + share * MUD, 0, 1)


@pytest.mark.parametrize('degree', DEGREES)
def test_formula(degree):
    rgb = np.random.default_rng(0).random((90, 100, 3))
    expected = expected_image(rgb, degree, keyed_rng(1))
    out = spatter(rgb, **degree, order='rgb', rng=keyed_rng(1))
    # Liquid next to a threshold may fall to either side of it.
    assert np.quantile(np.abs(out - expected), 0.99) < 1e-5
    swapped = spatter(rgb[..., ::-1], **degree, rng=keyed_rng(1))
    assert np.abs(swapped[..., ::-1] - out).max() < 1e-12
    single = spatter(rgb.astype(np.float32), **degree, order='rgb', rng=keyed_rng(1))
    assert single.dtype == np.float32 and np.abs(single - out).max() < 1e-6
    grey = np.rint(rgb * 255).astype(np.uint8)
    exact = spatter(grey / 255, **degree, rng=keyed_rng(1)) * 255
    assert np.abs(spatter(grey, **degree, rng=keyed_rng(1)) - exact).max() < 0.501
    assert (out != rgb).any() and (out == rgb).any()


def test_water():
    layer = liquid_layer((120, 130), DEGREES[0], keyed_rng(0)).astype(np.float32)
    share = water(layer, 0.6)
    assert share.dtype == np.float32 and share.shape == layer.shape
    assert share.min() == 0 and share.max() == pytest.approx(0.6, abs=1e-6)
    assert not share[layer == 0].any()
    assert np.allclose(water(layer, 0.3), share / 2, atol=1e-6)
    assert not water(np.zeros((20, 30), np.float32), 0.6).any()  # nothing to scale


def test_mud():
    layer = np.zeros((41, 41), np.float32)
    layer[10:31, 5:36] = 0.7
    share = mud(layer, 0.65, 1.5)
    blurred = ndimage.gaussian_filter((layer > 0.65).astype(float), 1.5, truncate=4)
    assert np.abs(share - np.where(blurred < 0.8, 0, blurred)).max() < 1e-6
    assert share[20, 20] == pytest.approx(1) and not share[10].any()
    assert np.array_equal(mud(layer, 0.65, 0), layer > 0.65)


@pytest.mark.parametrize('degree', [DEGREES[1], DEGREES[4]])
@pytest.mark.parametrize('channels', [None, 1, 2, 6])
def test_other_channels_get_the_luma(degree, channels):
    shape = (50, 60) if channels is None else (50, 60, channels)
    img = np.random.default_rng(0).random((50, 60))
    out = spatter(
        np.broadcast_to(img.reshape(50, 60, *shape[2:] and [1]), shape), **degree, rng=keyed_rng(2)
    )
    three = spatter(np.zeros((50, 60, 3)), **degree, order='rgb', rng=keyed_rng(2))
    colour = WATER if degree['liquid'] == 'water' else MUD
    share = three[..., 1] / colour[1]
    keep = 1 if degree['liquid'] == 'water' else 1 - share
    expected = np.clip(img * keep + share * (colour @ LUMA), 0, 1)
    assert np.abs(out.reshape(50, 60, -1) - expected[..., None]).max() < 1e-3


@pytest.mark.parametrize('degree', DEGREES)
@pytest.mark.parametrize('shape', [(1, 1), (1, 1, 3), (1, 4), (4, 1, 4), (2, 2, 6), (1, 40, 3)])
def test_small_images(degree, shape):
    img = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    out = spatter(img, **degree, rng=0)
    assert out.shape == shape and out.dtype == np.uint8


def test_clear_water_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    out = spatter(img, 0.65, 0.3, 4, 0.69, opacity=0, rng=0)
    assert np.array_equal(out, img) and out is not img
    assert np.array_equal(spatter(img, 0, 0, 4, 0.69, rng=0), img)


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        (dict(liquid='wine'), ValueError, "liquid must be 'water' or 'mud', got 'wine'"),
        (dict(opacity=2), ValueError, 'opacity must be a number 0 to 1'),
        (dict(sigma=-1), ValueError, 'sigma must be a number 0 to 100 pixels'),
        (dict(softness='x'), TypeError, 'softness must be'),
        (dict(order='x'), ValueError, 'order must be'),
        (dict(rng=np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(change, error, words):
    with pytest.raises(error, match=words):
        spatter(np.zeros((4, 4)), **{**DEGREES[0], 'rng': 0, **change})
