"""Zoom blur against scipy's interpolation at the exact places."""

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations.blur.zoom import _placement, zoom_blur, zooms

RANGES = [(1, 1.11, 0.01), (1, 1.16, 0.01), (1, 1.21, 0.02), (1, 1.26, 0.02), (1, 1.31, 0.03)]
LEVELS = [(1.11, 0.01), (1.15, 0.01), (1.2, 0.02), (1.24, 0.02), (1.3, 0.03)]


def exact(img, layers):
    """Every zoom about the centre, bilinear, in float64."""
    total = img.copy()
    for zoom in layers:
        axes = [(n - 1) / 2 + (np.arange(n) - (n - 1) / 2) / zoom for n in img.shape[:2]]
        places = np.meshgrid(*axes, indexing='ij')
        for c in range(img.shape[2]):
            total[..., c] += ndimage.map_coordinates(img[..., c], places, order=1, mode='nearest')
    return total / (len(layers) + 1)


@pytest.mark.parametrize(('level', 'published'), list(zip(LEVELS, RANGES, strict=True)))
def test_zooms_are_the_published_ranges(level, published):
    assert np.allclose(zooms(*level), np.arange(*published), atol=1e-9)


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('shape', [(61, 80, 3), (200, 129, 1), (5, 2, 6), (1, 7, 4), (1, 1, 2)])
def test_is_the_mean_of_centred_zooms(level, shape):
    noise = np.random.default_rng(0).random(shape)
    expected = exact(noise, zooms(*level))
    # White noise, layers up to 1/12 pixel off.
    assert np.abs(zoom_blur(noise, *level) - expected).max() < 0.03
    assert np.abs(zoom_blur(noise, *level) - expected).mean() < 0.01
    assert np.abs(zoom_blur(noise.astype(np.float32), *level) - zoom_blur(noise, *level)).max() < (
        1e-6
    )
    grey = np.rint(noise * 255).astype(np.uint8)
    assert np.abs(zoom_blur(grey, *level) - 255 * zoom_blur(grey / 255, *level)).max() < 0.501


@pytest.mark.parametrize('level', LEVELS)
def test_a_ramp_shows_where_layers_lie(level):
    # On a ramp every layer is a ramp through the same centre, less steep by its zoom.
    y, x = np.mgrid[0:120, 0:151].astype(float)
    ramp = np.stack([y / 120, x / 151], axis=-1)
    centre = np.array([119 / 2 / 120, 150 / 2 / 151])
    layers = zooms(*level)
    slope = (1 + sum(1 / zoom for zoom in layers)) / (len(layers) + 1)
    expected = centre + (ramp - centre) * slope
    assert np.abs(zoom_blur(ramp, *level) - expected).max() < 0.05 / 120


@pytest.mark.parametrize('size', [1, 2, 33, 224, 512, 1024, 2048])
def test_layers_are_centred(size):
    for level in LEVELS:
        for zoom in zooms(*level)[1:]:
            start, count, skip = _placement(size, zoom)
            centre = start + (skip + (size - 1) / 2 + 0.5) / zoom - 0.5
            assert abs(centre - (size - 1) / 2) <= 1 / 12 + 1e-9
            assert (skip + 0.5) / zoom - 0.5 >= 0  # nothing clamped on the left
            assert round(count * zoom) >= skip + size
            assert (skip + size - 0.5) / zoom - 0.5 <= count - 1  # nor on the right


def test_no_zoom_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    for factor, step in ((1, 0.01), (1.05, 0.1)):
        out = zoom_blur(img, factor, step)
        assert np.array_equal(out, img) and out is not img
    flat = np.full((40, 30), 77, np.uint8)
    assert np.array_equal(zoom_blur(flat, 1.3, 0.03), flat)


@pytest.mark.parametrize(
    ('factor', 'step', 'error', 'words'),
    [
        (0.9, 0.1, ValueError, 'factor must be a number 1 to 4'),
        (5, 0.1, ValueError, 'got 5'),
        (1.1, 0, ValueError, 'step must be a number 0.001 to 3'),
        (1.1, None, TypeError, 'step must be'),
    ],
)
def test_errors(factor, step, error, words):
    with pytest.raises(error, match=words):
        zoom_blur(np.zeros((4, 4)), factor, step)
