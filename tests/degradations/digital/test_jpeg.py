"""JPEG against Pillow."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from mmdegrade.degradations.digital.jpeg import jpeg_compression


def picture(shape):
    img = np.random.default_rng(0).integers(0, 256, shape).astype(np.float32)
    return cv2.GaussianBlur(img, (5, 5), 1.5).reshape(shape).astype(np.uint8)


def pillow(rgb, quality):
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, 'JPEG', quality=quality)
    return np.asarray(Image.open(data))


@pytest.mark.parametrize('quality', [25, 18, 15, 10, 7, 90])
def test_is_pillows(quality):
    # Two builds of libjpeg may round differently here and there.
    for shape in ((40, 57, 3), (16, 16, 3), (33, 21), (1, 1, 3)):
        rgb = picture(shape)
        expected = pillow(rgb, quality).astype(int)
        difference = np.abs(jpeg_compression(rgb, quality, 'rgb') - expected)
        assert difference.max() <= 2 and difference.mean() < 0.1


def test_order():
    rgb = picture((24, 32, 3))
    swapped = np.ascontiguousarray(rgb[..., ::-1])
    assert np.array_equal(
        jpeg_compression(rgb, 10, 'rgb'), jpeg_compression(swapped, 10)[..., ::-1]
    )
    assert not np.array_equal(jpeg_compression(rgb, 10, 'rgb'), jpeg_compression(rgb, 10))


@pytest.mark.parametrize('channels', [1, 2, 4, 6])
def test_other_channels_are_grey_images(channels):
    img = picture((20, 31, channels)) if channels != 1 else picture((20, 31))[..., None]
    out = jpeg_compression(img, 15)
    assert out.shape == img.shape
    for c in range(channels):
        assert np.array_equal(out[..., c], jpeg_compression(img[..., c], 15))


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_floats_have_256_levels(dtype):
    img = picture((20, 31, 3))
    near = (img / 255 + np.random.default_rng(1).uniform(-0.0019, 0.0019, img.shape)).astype(dtype)
    out = jpeg_compression(near, 20)
    assert out.dtype == dtype
    assert np.array_equal(out, (jpeg_compression(img, 20) / 255).astype(dtype))
    beyond = np.where(img > 128, dtype(3), dtype(-2))
    assert np.array_equal(
        jpeg_compression(beyond, 20), jpeg_compression((beyond > 0) + dtype(0), 20)
    )


@pytest.mark.parametrize(
    ('shape', 'arguments', 'error', 'words'),
    [
        ((4, 4), (101,), ValueError, 'quality must be an integer 0 to 100'),
        ((4, 4), (10.5,), TypeError, 'quality must be an integer'),
        ((4, 4), (10, 'grey'), ValueError, "order must be 'bgr' or 'rgb'"),
        ((1, 65501), (10,), ValueError, r'up to 65500 pixels, got shape \(1, 65501\)'),
    ],
)
def test_errors(shape, arguments, error, words):
    with pytest.raises(error, match=words):
        jpeg_compression(np.zeros(shape, np.uint8), *arguments)


def test_largest_side():
    assert jpeg_compression(np.zeros((1, 65500), np.uint8), 50).shape == (1, 65500)
