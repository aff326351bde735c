"""The dark channel by loops, and the airlight by its definition."""

import numpy as np
import pytest

from mmdegrade.degradations.weather.dark_channel import dark_channel, estimate_airlight

RNG = np.random.default_rng(0)


@pytest.mark.parametrize('shape', [(20, 26, 3), (20, 26), (1, 1), (3, 40, 1), (18, 5, 6)])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize('patch', [1, 5, 15])
def test_dark_channel(shape, dtype, patch):
    img = RNG.integers(0, 256, shape, np.uint8)
    img = img if dtype == np.uint8 else (img / 255).astype(dtype)
    out = dark_channel(img, patch)
    assert out.dtype == dtype and out.shape == shape[:2]
    r = patch // 2
    for y in range(shape[0]):
        for x in range(shape[1]):
            part = img[max(y - r, 0) : y + r + 1, max(x - r, 0) : x + r + 1]
            assert out[y, x] == part.min()


def by_sorting(img, weights):
    """Reading order breaks ties; Foggy Cityscapes' count, made odd."""
    dark = dark_channel(img).ravel().astype(float)
    count = int(dark.size * 0.001)
    count += (count + 1) % 2
    brightest = sorted(range(dark.size), key=lambda i: (-dark[i], i))[:count]
    pixels = img.reshape(dark.size, -1)[sorted(brightest)].astype(float)
    grey = pixels @ weights
    return pixels[np.flatnonzero(grey == np.median(grey))[0]]


@pytest.mark.parametrize('order', ['bgr', 'rgb'])
@pytest.mark.parametrize('shape', [(90, 120, 3), (60, 50, 3), (5, 5, 3), (80, 81)])
def test_airlight(order, shape):
    # Blocks, so that the dark channel has bright parts and ties.
    blocks = RNG.integers(0, 256, (shape[0] // 30 + 1, shape[1] // 30 + 1, *shape[2:]), np.uint8)
    img = blocks.repeat(30, 0).repeat(30, 1)[: shape[0], : shape[1]]
    img = np.clip(img + RNG.integers(-5, 6, shape), 0, 255).astype(np.uint8)
    luma = np.array([0.299, 0.587, 0.114]) if len(shape) == 3 else np.ones(1)
    expected = by_sorting(img, luma if order == 'rgb' else luma[::-1])
    out = estimate_airlight(img, order)
    assert isinstance(out, list) and all(type(v) is float for v in out)
    assert np.allclose(np.array(out) * 255, expected)
    for dtype in (np.float32, np.float64):
        assert np.allclose(estimate_airlight((img / 255).astype(dtype), order), out, atol=1e-6)


def test_a_bright_sky_is_found():
    img = np.full((100, 100, 3), 40, np.uint8)
    img[:30] = (230, 220, 210)
    img[60, 60] = 255  # a lamp smaller than a patch is not the sky
    assert np.allclose(np.array(estimate_airlight(img)) * 255, (230, 220, 210))


def test_other_numbers_of_channels():
    assert len(estimate_airlight(np.zeros((9, 9), np.uint8))) == 1
    img = RNG.random((40, 40, 6))
    assert len(estimate_airlight(img)) == 6
    assert any(np.array_equal(p, estimate_airlight(img)) for p in img.reshape(-1, 6))


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda: dark_channel(np.zeros((4, 4)), 4), ValueError, 'patch must be a positive odd'),
        (lambda: dark_channel(np.zeros((4, 4), int)), TypeError, 'uint8'),
        (lambda: estimate_airlight(np.zeros((4, 4)), 'gbr'), ValueError, "'bgr' or 'rgb', got 'g"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
