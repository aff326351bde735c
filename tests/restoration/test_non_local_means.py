"""Non-local means against a plain loop over all pixels and their neighbours."""

import numpy as np
import pytest

from mmdegrade.degradations import gaussian_noise
from mmdegrade.restoration import non_local_means

RNG = np.random.default_rng(0)


def plain(img, h, patch, search):
    """(H, W, C) float on 0-255."""
    p, s = patch // 2, search // 2
    padded = np.pad(img, ((p + s, p + s), (p + s, p + s), (0, 0)), mode='reflect')
    out = np.empty_like(img)
    for y in range(img.shape[0]):
        for x in range(img.shape[1]):
            middle = padded[y + s : y + s + patch, x + s : x + s + patch]
            total, weights = 0, 0
            for dy in range(search):
                for dx in range(search):
                    other = padded[y + dy : y + dy + patch, x + dx : x + dx + patch]
                    weight = np.exp(-np.mean((middle - other) ** 2) / h**2)
                    total, weights = total + weight * other[p, p], weights + weight
            out[y, x] = total / weights
    return out


def noisy_step(shape, sigma=15):
    clean = np.full(shape, 60.0)
    clean[:, shape[1] // 2 :] = 180
    return np.clip(np.rint(clean + RNG.normal(0, sigma, shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize('shape', [(15, 14, 1), (14, 12, 3), (9, 8, 4)])
@pytest.mark.parametrize(('h', 'patch', 'search'), [(13, 3, 9), (30, 5, 7)])
def test_formula(shape, h, patch, search):
    img = noisy_step(shape)
    expected = plain(img.astype(float), h, patch, search)
    assert np.abs(expected - img).mean() > 5
    out = non_local_means(img, h, patch, search)
    # OpenCV's weights are tabulated in fixed point: 0.5 is the rounding of the result.
    assert out.shape == shape and np.abs(out - expected).max() < 0.9


def test_more_channels_go_one_by_one():
    img = noisy_step((20, 20, 6))
    out = non_local_means(img, 12)
    for c in range(6):
        assert np.array_equal(out[..., c], non_local_means(img[..., c], 12))


def test_float_images():
    img = noisy_step((30, 30, 3))
    out = non_local_means(img, 12)
    for dtype in (np.float32, np.float64):
        real = non_local_means((img / 255).astype(dtype), 12)
        assert real.dtype == dtype and np.abs(real * 255 - out).max() < 1e-4


def test_unclipped_noise_is_not_cut_off():
    dark = np.full((120, 120, 3), 0.04)
    noisy = gaussian_noise(dark, 50, rng=0, clip=False)
    assert noisy.min() < -0.5
    unclipped, clipped = (non_local_means(v, 45) for v in (noisy, np.clip(noisy, 0, 1)))
    assert abs(unclipped.mean() - 0.04) < 0.003 < 0.04 < abs(clipped.mean() - 0.04)
    assert unclipped.std() < 0.3 * noisy.std()
    # The same strength whatever the range of the image.
    flat = gaussian_noise(np.full((60, 60), 0.5), 10, rng=0, clip=False)
    wide = flat.copy()
    wide[0, 0] = 2
    difference = np.abs(non_local_means(flat, 9) - non_local_means(wide, 9))[15:, 15:]
    assert difference.max() < 0.02 and np.abs(non_local_means(flat, 9) - flat).max() > 0.05


def test_identities():
    img = noisy_step((12, 12, 3))
    for given in (img, img / 255):
        out = non_local_means(given, 0)
        assert np.array_equal(out, given) and not np.shares_memory(out, given)
    assert np.array_equal(non_local_means(img, 10, search=1), img)


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(h=-1), ValueError, 'h must be a number 0 to 255 grey levels, got -1'),
        (dict(h=None), TypeError, 'h must be'),
        (dict(h=9, patch=4), ValueError, 'patch must be an odd integer 1 to 21 pixels, got 4'),
        (dict(h=9, search=103), ValueError, 'search must be an odd integer 1 to 101'),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        non_local_means(np.zeros((4, 4), np.uint8), **params)
