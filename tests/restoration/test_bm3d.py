"""BM3D: what is handed to its package and taken from it; what is said where it is not installed."""

import sys

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from scipy import ndimage

from mmdegrade.restoration import METHODS, denoise_bm3d, resolve_method, restore
from tests.restoration.fake_bm3d import fake_bm3d

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 14, 3), np.uint8)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'bm3d', None)  # as if it were not installed
    assert resolve_method('bm3d', sigma=50) == dict(sigma=50.0)  # known all the same
    with pytest.raises(ImportError) as caught:
        restore(COLOUR, 'bm3d', sigma=50)
    for words in ('non-commercial', 'pip install bm3d', "method='non_local_means'"):
        assert words in str(caught.value)


def test_colour_goes_as_rgb_on_the_unit_scale():
    with fake_bm3d() as calls:
        out = restore(COLOUR, 'bm3d', sigma=51)
    ((name, given, sigma),) = calls
    assert name == 'bm3d_rgb' and sigma == 0.2
    assert given.dtype == np.float64 and given.flags.c_contiguous
    np.testing.assert_allclose(given, COLOUR[..., ::-1] / 255, rtol=1e-12)
    # Channels come back in the order they had, on the scale they had.
    expected = ndimage.gaussian_filter(COLOUR.astype(float), (0.8, 0.8, 0))
    assert out.dtype == np.uint8 and np.abs(out - expected).max() <= 0.5 + 1e-9


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_unclipped_float_images_stay_as_they_are(dtype):
    noisy = RNG.normal(0.5, 1, (10, 11, 3)).astype(dtype)
    assert noisy.min() < 0 and noisy.max() > 1
    with fake_bm3d() as calls:
        out = denoise_bm3d(noisy, 25)
    np.testing.assert_array_equal(calls[0][1], noisy[..., ::-1].astype(np.float64))
    assert calls[0][2] == 25 / 255
    expected = ndimage.gaussian_filter(noisy.astype(float), (100 / 255, 100 / 255, 0))
    assert out.dtype == dtype and out.min() < 0
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('shape', [(9, 8), (9, 8, 1), (9, 8, 2), (9, 8, 4)])
def test_other_images_go_plane_by_plane(shape):
    img = RNG.random(shape)
    with fake_bm3d() as calls:
        out = denoise_bm3d(img, 30)
    planes = [img] if img.ndim == 2 else [img[..., c] for c in range(shape[2])]
    assert [(name, given.shape) for name, given, _ in calls] == [('bm3d', (9, 8))] * len(planes)
    assert out.shape == shape
    for (_, given, _), plane in zip(calls, planes, strict=True):
        np.testing.assert_array_equal(given, plane)


def test_as_a_restorer_of_a_batch():
    restorer = MODELS.build(dict(type='ClassicalRestorer', method='bm3d', sigma=50))
    images = torch.rand(2, 3, 8, 9)
    with fake_bm3d() as calls:
        out = restorer(images)
    assert [name for name, *_ in calls] == ['bm3d_rgb'] * 2
    np.testing.assert_allclose(calls[1][1], images[1].permute(1, 2, 0).numpy(), rtol=1e-6)
    assert out.shape == images.shape and out.dtype == torch.float32


def test_zero_needs_no_package_and_bad_values_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'bm3d', None)
    out = denoise_bm3d(COLOUR, 0)
    assert np.array_equal(out, COLOUR) and not np.shares_memory(out, COLOUR)
    with pytest.raises(ValueError, match='sigma must be a number 0 to 255 grey levels, got -1'):
        denoise_bm3d(COLOUR, -1)
    with pytest.raises(ValueError, match='bm3d needs sigma'):
        resolve_method('bm3d')
    assert METHODS['bm3d'].undoes == ('awgn',)
