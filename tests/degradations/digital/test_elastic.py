"""Elastic deformation against scipy.ndimage."""

import math

import numpy as np
import pytest
from scipy import ndimage, stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.digital.elastic import displacement, elastic_transform
from mmdegrade.degradations.noise.integer_noise import random_words


@pytest.mark.parametrize('shape', [(60, 90), (300, 200), (9, 7), (1, 1)])
def test_displacement_is_the_blurred_field(shape):
    words = random_words(2 * math.prod(shape), keyed_rng(0)).reshape(2, *shape)
    uniform = (words + 0.5) / 2**15 - 1
    assert abs(uniform).max() < 1
    if shape == (300, 200):
        assert stats.kstest(uniform.ravel(), stats.uniform(-1, 2).cdf).pvalue > 1e-3
    fields = displacement(*shape, 20, 0.02, 0.01, keyed_rng(0))
    for field, u in zip(fields, uniform, strict=True):
        sigmas = (0.02 * shape[0], 0.02 * shape[1])
        expected = ndimage.gaussian_filter(u * 0.01 * shape[0], sigmas, mode='reflect', truncate=3)
        assert field.dtype == np.float32 and np.abs(field - expected * 20).max() < 1e-4


@pytest.mark.parametrize('alpha', [12.5, 30])
def test_typical_shift(alpha):
    for side in (150, 400):
        dy, dx = displacement(side, side, alpha, rng=1)
        assert np.hypot(dy.std(), dx.std()) / math.sqrt(2) == pytest.approx(0.081 * alpha, rel=0.1)
        assert abs(np.corrcoef(dy.ravel(), dx.ravel())[0, 1]) < 0.1


@pytest.mark.parametrize('shape', [(60, 90, 3), (50, 40), (45, 52, 6), (3, 2, 1), (1, 1)])
def test_is_scipys_interpolation(shape):
    # Smooth, so that OpenCV 4's places at 1/32 pixels do as well.
    img = np.random.default_rng(0).random(shape)
    img = ndimage.gaussian_filter(img, (4, 4) + (0,) * (len(shape) - 2), mode='reflect')
    dy, dx = displacement(*shape[:2], 30, rng=keyed_rng(2))
    y, x = np.mgrid[: shape[0], : shape[1]]
    places = (y + dy, x + dx)
    planes = np.moveaxis(img.reshape(*shape[:2], -1), 2, 0)
    expected = [ndimage.map_coordinates(p, places, order=1, mode='reflect') for p in planes]
    expected = np.stack(expected, axis=-1).reshape(shape)
    for dtype in (np.float32, np.float64):
        out = elastic_transform(img.astype(dtype), 30, rng=keyed_rng(2))
        assert out.dtype == dtype and np.abs(out - expected).max() < 2e-3
    grey = np.rint(img * 255).astype(np.uint8)
    difference = elastic_transform(grey, 30, rng=2) - elastic_transform(grey / 255, 30, rng=2) * 255
    assert np.abs(difference).max() < 0.502


def test_nothing_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    for arguments in ((0,), (30, 0.01, 0)):
        out = elastic_transform(img, *arguments, rng=0)
        assert np.array_equal(out, img) and out is not img


@pytest.mark.parametrize(
    ('shape', 'arguments', 'words'),
    [
        ((4, 4), (-1,), 'alpha must be a number 0 to 10000'),
        ((4, 4), (1, 0.2), 'sigma must be a number 0 to 0.1 of the side'),
        ((4, 4), (1, 0.01, 2), 'delta must be a number 0 to 1 of the height'),
        ((1, 40000), (1,), r'up to 32766 pixels, got shape \(1, 40000\)'),
    ],
)
def test_errors(shape, arguments, words):
    with pytest.raises(ValueError, match=words):
        elastic_transform(np.zeros(shape), *arguments)
