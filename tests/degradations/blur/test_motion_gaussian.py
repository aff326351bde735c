"""Motion blur with a Gaussian trail against the published shifts."""

import math

import numpy as np
import pytest
from scipy import ndimage, stats

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.degradations.blur.motion_gaussian import (
    draw_angle,
    gaussian_motion_blur,
    gaussian_motion_kernel,
)

PUBLISHED = [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)]


def by_shifts(img, radius, sigma, angle):
    """The published sum of shifted copies, on an image mirrored far enough; clockwise angle."""
    width = 2 * radius + 1
    weights = [math.exp(-(i**2) / (2 * sigma**2)) for i in range(width)]
    weights = [w / sum(weights) for w in weights]
    padded = np.pad(img, width, mode='reflect')
    total = np.zeros_like(img)
    for i, weight in enumerate(weights):
        dy = -math.ceil(i * math.sin(math.radians(angle)) - 0.5)
        dx = -math.ceil(i * math.cos(math.radians(angle)) - 0.5)
        moved = np.roll(padded, (dy, dx), (0, 1))
        total += weight * moved[width:-width, width:-width]
    return total


@pytest.mark.parametrize(('radius', 'sigma'), PUBLISHED)
@pytest.mark.parametrize('angle', [-44.7, -20, 0, 3.3, 17, 38.2, 100, 190])
def test_is_the_published_sum_of_shifts(radius, sigma, angle):
    img = np.random.default_rng(0).random((50, 60))
    expected = by_shifts(img, radius, sigma, -angle)
    assert np.abs(gaussian_motion_blur(img, radius, sigma, angle) - expected).max() < 1e-12
    single = gaussian_motion_blur(img.astype(np.float32), radius, sigma, angle)
    assert np.abs(single - expected).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    exact = by_shifts(grey.astype(float), radius, sigma, -angle)
    assert np.abs(gaussian_motion_blur(grey, radius, sigma, angle) - exact).max() < 0.501


def test_kernel():
    kernel = gaussian_motion_kernel(2, 1.5, 0)
    taps = np.exp(-(np.arange(5) ** 2) / 4.5)
    assert kernel.shape == (1, 9) and not kernel[0, :4].any()
    assert np.allclose(kernel[0, 4:], taps / taps.sum())
    up = gaussian_motion_kernel(2, 1.5, 90)  # takes from above: rows before the middle
    assert np.allclose(up[::-1, 0], kernel[0])
    diagonal = gaussian_motion_kernel(3, 2, 45)
    assert diagonal.sum() == pytest.approx(1) and np.count_nonzero(diagonal) == 5
    assert gaussian_motion_kernel(5, 0, 30).tolist() == [[1]]


@pytest.mark.parametrize('shape', [(1, 1), (3, 4, 3), (2, 50, 6), (30, 1, 1)])
def test_small_images_are_not_darkened(shape):
    img = np.random.default_rng(0).random(shape)
    planes = img.reshape(*shape[:2], -1)
    kernel = gaussian_motion_kernel(15, 8, 20)
    expected = [ndimage.correlate(p, kernel, mode='mirror') for p in np.moveaxis(planes, 2, 0)]
    expected = np.stack(expected, axis=-1).reshape(shape)
    assert np.abs(gaussian_motion_blur(img, 15, 8, 20) - expected).max() < 1e-12


def test_angle_is_drawn_and_recorded():
    rng = keyed_rng(0)
    angles = [draw_angle(rng) for _ in range(2000)]
    assert stats.kstest(angles, stats.uniform(-45, 90).cdf).pvalue > 1e-3
    img = np.random.default_rng(0).random((20, 20))
    out, params = degrade(img, 'mblur_gaussian', 1, rng=7, return_params=True)
    assert params == {'radius': 10, 'sigma': 3.0, 'angle': draw_angle(7)}
    assert np.array_equal(out, gaussian_motion_blur(img, **params))
    assert np.array_equal(out, gaussian_motion_blur(img, 10, 3, 'random', 7))


def test_no_trail_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    for radius, sigma in ((0, 3), (10, 0)):
        out = gaussian_motion_blur(img, radius, sigma, rng=0)
        assert np.array_equal(out, img) and out is not img


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        ((-1, 1), ValueError, 'radius must be an integer 0 to 100 pixels'),
        ((2.0, 1), TypeError, 'radius must be an integer'),
        ((2, -1), ValueError, 'sigma must be a number 0 to 1000'),
        ((2, 1, 'any'), ValueError, "or 'random', got 'any'"),
        ((2, 1, 400), ValueError, 'angle must be a number -360 to 360 degrees'),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        gaussian_motion_blur(np.zeros((4, 4)), *arguments)
