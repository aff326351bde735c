"""The median filter against SciPy's, in every way it is worked out."""

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations import salt_and_pepper
from mmdegrade.restoration import median_filter

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (37, 29, 3), np.uint8)


def oracle(img, size):
    window = (size, size) + (1,) * (img.ndim - 2)
    return ndimage.median_filter(img, size=window, mode='mirror')


@pytest.mark.parametrize('size', [3, 5, 7, 9, 21])
@pytest.mark.parametrize(
    'img',
    [
        BYTES,
        BYTES[..., 0],
        RNG.integers(0, 256, (20, 17, 6), np.uint8),
        RNG.integers(0, 256, (20, 17, 1), np.uint8),
        (BYTES / 255).astype(np.float32),  # few values: by ranks
        BYTES / 255,
        RNG.normal(0.5, 0.3, (31, 24, 3)).astype(np.float32),  # many values
        RNG.normal(0.5, 0.3, (31, 24, 2)),
    ],
    ids=lambda img: f'{img.dtype}-{"x".join(map(str, img.shape))}',
)
def test_values(img, size):
    out = median_filter(img, size)
    assert out.dtype == img.dtype and np.array_equal(out, oracle(img, size))


def test_images_smaller_than_the_window():
    for shape in ((1, 1), (1, 6), (2, 3), (3, 2, 3)):
        img = RNG.integers(0, 256, shape, np.uint8)
        assert np.array_equal(median_filter(img, 9), oracle(img, 9))
        assert np.array_equal(median_filter(img / 255, 9), oracle(img / 255, 9))


def test_the_largest_window():
    img = RNG.integers(0, 256, (200, 280), np.uint8)
    padded = np.pad(img, 127, mode='reflect')
    out = median_filter(img, 255)
    for y, x in ((0, 0), (3, 279), (150, 77), (199, 140)):
        assert out[y, x] == np.median(padded[y : y + 255, x : x + 255])


def test_a_lone_hit_vanishes_even_in_the_corner():
    img = np.full((6, 7), 90, np.uint8)
    img[0, 0] = 255
    img[3, 3] = 0
    assert np.all(median_filter(img) == 90)


def test_size_1_is_the_identity():
    out = median_filter(BYTES, 1)
    assert np.array_equal(out, BYTES) and not np.shares_memory(out, BYTES)


def test_steps_survive_salt_and_pepper():
    clean = np.full((60, 60), 60, np.uint8)
    clean[:, 30:] = 180
    hit = salt_and_pepper(clean, 0.1, rng=0)
    assert 0.08 < (hit != clean).mean() < 0.12
    assert (median_filter(hit, 5) != clean).mean() < 0.001


@pytest.mark.parametrize(
    ('size', 'error', 'words'),
    [
        (4, ValueError, 'size must be an odd integer 1 to 255 pixels, got 4'),
        (257, ValueError, 'size must be .* got 257'),
        (-1, ValueError, 'got -1'),
        (3.0, TypeError, 'size must be an odd integer'),
        (None, TypeError, 'got None'),
    ],
)
def test_errors(size, error, words):
    with pytest.raises(error, match=words):
        median_filter(BYTES, size)
