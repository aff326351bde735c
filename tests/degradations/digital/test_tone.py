"""Brightness, contrast and saturation against the HSV of the standard library."""

import colorsys
import importlib

import numpy as np
import pytest

from mmdegrade.degradations.digital.tone import brightness, contrast, saturate

SATURATE = [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)]


def picture(shape=(14, 17, 3), seed=0):
    """Random colours, among them black, white, greys and pure ones; whole grey levels."""
    img = np.random.default_rng(seed).integers(0, 256, shape)
    img[0] = img[0, :, :1]
    img[1, :8] = np.array([(i >> 2 & 1, i >> 1 & 1, i & 1) for i in range(8)]) * 255
    img[2, :4] = [[1, 0, 0], [0, 1, 2], [3, 3, 2], [254, 255, 255]]
    return img.astype(np.uint8)


def by_hsv(img, change):
    """Through HSV and back, pixel by pixel; RGB on [0, 1]."""
    out = np.empty(img.shape)
    for place in np.ndindex(img.shape[:2]):
        out[place] = colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*img[place])))
    return out


def check(function, img, expected):
    """In all three dtypes."""
    assert np.abs(function(img / 255) - expected).max() < 1e-12
    single = function((img / 255).astype(np.float32))
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-6
    out = function(img)
    assert out.dtype == np.uint8 and np.abs(out - expected * 255).max() < 0.5 + 1e-3


@pytest.mark.parametrize('shift', [0.01, 0.1, 0.3, 0.5, 1])
def test_brightness(shift):
    img = picture()
    expected = by_hsv(img / 255, lambda h, s, v: (h, s, min(v + shift, 1)))
    check(lambda x: brightness(x, shift), img, expected)
    for grey in (img[..., 0], img[..., :1], np.dstack([img, img])):
        check(lambda x: brightness(x, shift), grey, np.minimum(grey / 255 + shift, 1))


@pytest.mark.parametrize(('scale', 'shift'), [*SATURATE, (0, 0), (1, 0.3), (0, 1)])
def test_saturate(scale, shift):
    img = picture()
    expected = by_hsv(img / 255, lambda h, s, v: (h, min(max(s * scale + shift, 0), 1), v))
    check(lambda x: saturate(x, scale, shift, 'rgb'), img, expected)
    check(lambda x: saturate(x, scale, shift), img[..., ::-1], expected[..., ::-1])
    for other in (img[..., 0], img[..., :1], np.dstack([img, img])):
        assert np.array_equal(saturate(other, scale, shift), other)


def test_saturation_of_nearly_grey_floats():
    # Differences of a millionth must not drown in rounding.
    img = np.float32([[[0.5, 0.5 - 1e-6, 0.5]]])
    out = saturate(img, 1, 0.1, 'rgb')
    assert np.allclose(out, [[[0.5, 0.45, 0.5]]], atol=1e-5)


def test_greys_become_reddish():
    grey = np.full((2, 2, 3), 100, np.uint8)
    assert np.all(saturate(grey, 20, 0.2, 'rgb') == [100, 80, 80])
    assert np.all(saturate(grey, 20, 0.2) == [80, 80, 100])
    assert np.array_equal(saturate(grey, 20, 0), grey)


@pytest.mark.parametrize('factor', [0.4, 0.3, 0.2, 0.1, 0.05, 0])
@pytest.mark.parametrize('shape', [(14, 17, 3), (14, 17), (9, 1, 1), (6, 5, 4), (4, 7, 6), (1, 1)])
def test_contrast(factor, shape):
    img = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    planes = (img / 255).reshape(*shape[:2], -1)
    expected = np.stack(
        [p.mean() + factor * (p - p.mean()) for p in np.moveaxis(planes, 2, 0)], axis=-1
    )
    check(lambda x: contrast(x, factor), img, expected.reshape(shape))


def test_contrast_keeps_the_mean():
    img = np.random.default_rng(0).random((30, 20, 3)) * [1, 0.5, 0.1]
    out = contrast(img, 0.3)
    assert np.allclose(out.mean((0, 1)), img.mean((0, 1)))
    assert np.allclose(out.std((0, 1)), 0.3 * img.std((0, 1)))


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_nothing_changes_nothing(dtype):
    img = picture().astype(dtype)
    img = img if dtype == np.uint8 else img / 200  # some above 1: not clipped either
    for out in (brightness(img, 0), contrast(img, 1), saturate(img, 1, 0)):
        assert np.array_equal(out, img) and out is not img and out.flags.writeable


def test_floats_beyond_0_1():
    img = np.array([[[-1.0, 0.5, 2.0], [-1.0, -2.0, 0.0], [1e-310, 0, -8]]])
    assert np.allclose(brightness(img, 0.25)[0, 0], [0, 0.5, 1])
    assert np.allclose(brightness(img, 0.25)[0, 1], 0.25)
    assert np.isfinite(brightness(img, 0.25)).all()
    assert np.allclose(saturate(img, 0.5, 0)[0, 0], [0.5, 0.75, 1])
    assert np.allclose(contrast(img, 0.5), (img + img.mean((0, 1))) / 2)


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda i: brightness(i, -0.1), ValueError, 'shift must be a number 0 to 1'),
        (lambda i: contrast(i, 1.1), ValueError, 'factor must be a number 0 to 1'),
        (lambda i: saturate(i, -1), ValueError, 'scale must be a number 0 to 1000'),
        (lambda i: saturate(i, 1, 2), ValueError, 'shift must be a number 0 to 1'),
        (lambda i: saturate(i, 1, 0, 'gbr'), ValueError, "order must be 'bgr' or 'rgb', got 'gbr'"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(np.zeros((4, 4, 3)))


def test_contrast_is_the_same_by_tables(monkeypatch):
    module = importlib.import_module('mmdegrade.degradations.digital.tone')
    img = np.random.default_rng(0).integers(0, 256, (37, 41, 3), dtype=np.uint8)
    out = module.contrast(img, 0.2)
    monkeypatch.setattr(module, '_gives', lambda matrix, tables: False)
    assert np.array_equal(module.contrast(img, 0.2), out)
