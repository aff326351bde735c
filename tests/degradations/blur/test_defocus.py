"""Defocus against scipy.ndimage and the published kernel."""

import importlib
import math

import cv2
import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations.blur.defocus import defocus_blur, disk_kernel

PUBLISHED = [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)]


def published_kernel(radius, alias):
    """As ImageNet-C builds it: not normalised after the blur."""
    reach, size = (8, 3) if radius <= 8 else (radius, 5)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (x**2 + y**2 <= radius**2).astype(np.float32)
    return cv2.GaussianBlur(disk / disk.sum(), (size, size), sigmaX=alias)


def correlate(img, kernel):
    planes = img.reshape(*img.shape[:2], -1)
    out = [ndimage.correlate(planes[..., c], kernel, mode='mirror') for c in range(planes.shape[2])]
    return np.stack(out, axis=-1).reshape(img.shape)


@pytest.mark.parametrize(('radius', 'alias'), PUBLISHED)
def test_kernel_is_the_published_one_normalised(radius, alias):
    ours, theirs = disk_kernel(radius, alias), published_kernel(radius, alias)
    assert ours.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(ours, ours.T, atol=1e-16) and np.allclose(ours, ours[::-1], atol=1e-16)
    middle = len(theirs) // 2
    if radius in (8, 10):  # the disk touches the edge of the published array
        assert theirs.sum() == pytest.approx({8: 1.013, 10: 1.011}[radius], abs=5e-4)
        inner = np.s_[middle - radius + 2 : middle + radius - 1]
        scale = theirs[middle, middle] / ours[len(ours) // 2, len(ours) // 2]
        cut = np.s_[len(ours) // 2 - radius + 2 : len(ours) // 2 + radius - 1]
        assert scale == pytest.approx(1, abs=1e-6)
        assert np.allclose(ours[cut, cut], theirs[inner, inner], atol=1e-8)
    else:
        pad = middle - len(ours) // 2
        assert np.allclose(np.pad(ours, pad), theirs, atol=1e-8)


@pytest.mark.parametrize(
    ('radius', 'alias'), [*PUBLISHED, (0.5, 0.3), (1, 0), (2.5, 1), (9.3, 0), (24, 2)]
)
@pytest.mark.parametrize('shape', [(41, 57, 3), (30, 33), (5, 9, 6), (1, 7), (1, 1, 3), (4, 1)])
def test_is_a_convolution_with_the_kernel(radius, alias, shape):
    img = np.random.default_rng(0).random(shape)
    kernel = disk_kernel(radius, alias)
    assert np.abs(defocus_blur(img, radius, alias) - correlate(img, kernel)).max() < 1e-12
    single = defocus_blur(img.astype(np.float32), radius, alias)
    assert single.dtype == np.float32
    assert np.abs(single - correlate(img, kernel)).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    expected = correlate(grey.astype(float), kernel)
    # Rounded once: only what lies within float32's accuracy of .5 may fall to the other side.
    assert np.abs(defocus_blur(grey, radius, alias) - expected).max() < 0.5 + 1e-3


@pytest.mark.parametrize('radius', [8, 10, 50])
def test_white_does_not_overflow(radius):
    white = np.full((60, 50, 3), 255, np.uint8)
    assert np.array_equal(defocus_blur(white, radius, 0.5), white)


def test_a_point_becomes_a_disk():
    point = np.zeros((31, 31))
    point[15, 15] = 1
    out = defocus_blur(point, 6)
    y, x = np.mgrid[-15:16, -15:16]
    inside = np.hypot(x, y) <= 6
    assert np.array_equal(out > 0, inside)
    assert np.allclose(out[inside], 1 / inside.sum())
    assert inside.sum() == pytest.approx(math.pi * 36, rel=0.02)


def test_no_radius_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    for alias in (0, 0.5):
        out = defocus_blur(img, 0, alias)
        assert np.array_equal(out, img) and out is not img
    assert disk_kernel(0).tolist() == [[1]] and disk_kernel(0.9).tolist() == [[1]]


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda i: defocus_blur(i, -1), ValueError, 'radius must be a number 0 to 50 pixels'),
        (lambda i: defocus_blur(i, 51), ValueError, 'got 51'),
        (lambda i: defocus_blur(i, 3, 11), ValueError, 'alias_sigma must be a number 0 to 10'),
        (lambda i: defocus_blur(i, '3'), TypeError, 'radius must be'),
        (lambda i: defocus_blur(i.astype(int), 3), TypeError, 'uint8'),
        (lambda i: disk_kernel(math.nan), ValueError, 'radius'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(np.zeros((4, 4)))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
@pytest.mark.parametrize('radius, alias_sigma', [(0.5, 0), (3, 0.1), (6.3, 0.5), (10, 0.5)])
def test_slabs_leave_no_seam(monkeypatch, dtype, radius, alias_sigma):
    module = importlib.import_module('mmdegrade.degradations.blur.defocus')
    img = np.random.default_rng(0).integers(0, 256, (131, 40, 3), dtype=np.uint8)
    img = img if dtype is np.uint8 else (img / 255).astype(dtype)
    whole = module.defocus_blur(img, radius, alias_sigma)
    monkeypatch.setattr(module, '_SLAB', 1)  # as few rows as allowed
    assert np.array_equal(module.defocus_blur(img, radius, alias_sigma), whole)
