"""Blind deconvolution against a plain loop, and what it finds out about the blur."""

import numpy as np
import pytest
from scipy import ndimage, signal

from mmdegrade.degradations import degrade
from mmdegrade.restoration import blind_deconvolution, blur_kernel
from mmdegrade.restoration.blind import alternate

RNG = np.random.default_rng(0)
IMG = ndimage.gaussian_filter(RNG.random((30, 37, 3)), (1, 1, 0))


def padded(plane, reach):
    return np.pad(plane, reach, mode='reflect')


def oracle(y, size, iterations):
    reach = size // 2
    psf = np.full((size, size), 1 / size**2)
    x = y.copy()
    for _ in range(iterations):
        blurred = np.stack(
            [signal.convolve2d(padded(x[..., c], reach), psf, mode='valid') for c in range(3)], 2
        )
        grey, ratio = x.mean(axis=2), y.mean(axis=2) / blurred.mean(axis=2)
        products = np.empty((size, size))
        for i in range(size):
            for j in range(size):  # where the light that arrives came from
                rows = slice(2 * reach - i, 2 * reach - i + len(x))
                columns = slice(2 * reach - j, 2 * reach - j + x.shape[1])
                products[i, j] = np.sum(ratio * padded(grey, reach)[rows, columns])
        x = x * np.stack(
            [
                signal.correlate2d(padded((y / blurred)[..., c], reach), psf, mode='valid')
                for c in range(3)
            ],
            axis=2,
        )
        psf = psf * products
        psf /= psf.sum()
    return x, psf


@pytest.mark.parametrize(('size', 'iterations'), [(3, 1), (5, 6), (13, 3)])
def test_alternation(size, iterations):
    y = degrade(IMG, 'mblur', length=5, angle=30)
    x, psf = oracle(y, size, iterations)
    found, weights = alternate(y, size, iterations)
    assert weights.shape == (size, size) and weights.sum() == pytest.approx(1)
    # The sums behind the weights are worked out in single precision.
    assert np.abs(weights - psf).max() < 1e-4 * psf.max()
    assert np.abs(found - x).max() < 1e-4
    assert np.abs(blind_deconvolution(y, size, iterations) - x).max() < 1e-4


def test_dtypes_agree():
    y = degrade(IMG, 'gblur', sigma=1)
    eight = np.rint(y * 255).astype(np.uint8)
    out = blind_deconvolution(eight, 5, 8)
    for dtype in (np.float32, np.float64):
        other = np.clip(blind_deconvolution((eight / 255).astype(dtype), 5, 8), 0, 1) * 255
        assert np.abs(out - other).max() <= 0.55


def test_stars_tell_the_blur():
    # Points on black: the one picture from which the weights can be read off.
    stars = np.full((64, 64), 0.01)
    stars[RNG.integers(8, 56, 12), RNG.integers(8, 56, 12)] = 1
    y = degrade(stars, 'mblur', length=7, angle=0)
    line = np.zeros((7, 7))
    line[3] = blur_kernel('mblur', length=7, angle=0)[0]
    x, psf = alternate(y, 7, 50)
    assert np.corrcoef(psf.ravel(), line.ravel())[0, 1] > 0.99  # measured, 12 skies: 0.995 to 1
    assert y.max() < 0.5 and x.max() > 0.9
    assert np.mean((x - stars) ** 2) < 0.1 * np.mean((y - stars) ** 2)


def test_channels_share_the_weights_and_their_order_does_not_matter():
    y = degrade(IMG, 'gblur', sigma=1)
    grey = np.repeat(y[..., :1], 3, axis=2)
    alone = blind_deconvolution(y[..., 0], 5)
    assert np.abs(blind_deconvolution(grey, 5) - alone[..., None]).max() < 1e-6
    swapped = blind_deconvolution(np.ascontiguousarray(y[..., ::-1]), 5)
    assert np.abs(swapped[..., ::-1] - blind_deconvolution(y, 5)).max() < 1e-6


def test_identities():
    eight = np.rint(IMG * 255).astype(np.uint8)
    for img in (IMG, eight):
        assert np.array_equal(blind_deconvolution(img, 1, 5), img)
        assert np.array_equal(blind_deconvolution(img, 5, 0), img)
    flat = np.full((19, 19), 77, np.uint8)
    assert np.array_equal(blind_deconvolution(flat), flat)
    black = np.zeros((9, 9, 3), np.uint8)
    assert np.array_equal(blind_deconvolution(black), black)


@pytest.mark.parametrize(
    ('params', 'words'),
    [
        (dict(size=4), 'size must be an odd integer 1 to 255 pixels, got 4'),
        (dict(size=0), 'size must be'),
        (dict(iterations=-1), 'iterations must be an integer 0 to 10000'),
    ],
)
def test_errors(params, words):
    with pytest.raises(ValueError, match=words):
        blind_deconvolution(IMG, **params)
