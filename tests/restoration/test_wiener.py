"""Wiener deconvolution against the plain formula."""

import numpy as np
import pytest

from mmdegrade.degradations import degrade
from mmdegrade.restoration import blur_kernel, wiener_deconvolution
from mmdegrade.restoration.wiener import transfer_function

RNG = np.random.default_rng(0)
IMG = RNG.random((24, 33, 3))
GAUSSIAN = blur_kernel('gblur', sigma=1.5)
SLANTED = blur_kernel('mblur', length=9, angle=30)


def on_torus(psf, shape):
    """Weights on a periodic grid, the middle at (0, 0), by a plain loop."""
    grid = np.zeros(shape)
    for i in range(psf.shape[0]):
        for j in range(psf.shape[1]):
            grid[(i - psf.shape[0] // 2) % shape[0], (j - psf.shape[1] // 2) % shape[1]] += psf[
                i, j
            ]
    return np.fft.fft2(grid)


def plain(periodic, psf, noise):
    """The formula on a periodic image, around its mean."""
    transfer = on_torus(psf, periodic.shape)
    mean = periodic.mean()
    gain = np.conj(transfer) / (np.abs(transfer) ** 2 + noise)
    return mean + np.fft.ifft2(gain * np.fft.fft2(periodic - mean)).real


def mirrored(plane):
    return np.pad(plane, [(0, max(0, side - 2)) for side in plane.shape], mode='reflect')


def oracle(img, psf, noise, corrections=0):
    out = np.empty(img.shape)
    for c in range(img.shape[2]):
        y = img[..., c]
        inside = tuple(slice(side) for side in y.shape)
        x = plain(mirrored(y), psf, noise)[inside]
        for _ in range(corrections):
            blurred = np.fft.fft2(mirrored(x)) * on_torus(psf, mirrored(x).shape)
            outside = np.fft.ifft2(blurred).real
            outside[inside] = y
            x = plain(outside, psf, noise)[inside]
        out[..., c] = x
    return out


@pytest.mark.parametrize('noise', [1e-4, 0.003, 0.3])
@pytest.mark.parametrize(('psf', 'corrections'), [(GAUSSIAN, 0), (SLANTED, 2)])
def test_formula(psf, corrections, noise):
    expected = oracle(IMG, psf, noise, corrections)
    assert np.abs(wiener_deconvolution(IMG, psf, noise) - expected).max() < 1e-10
    single = wiener_deconvolution(IMG.astype(np.float32), psf, noise)
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-3
    eight = np.rint(IMG * 255).astype(np.uint8)
    rounded = np.clip(np.rint(oracle(eight.astype(float), psf, noise, corrections)), 0, 255)
    difference = wiener_deconvolution(eight, psf, noise) - rounded
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.02


@pytest.mark.parametrize('shape', [(1, 1, 1), (1, 8, 3), (2, 2, 2), (7, 1, 6), (3, 40, 4)])
@pytest.mark.parametrize(('psf', 'corrections'), [(GAUSSIAN, 0), (SLANTED, 2)])
def test_images_smaller_than_the_kernel(shape, psf, corrections):
    img = RNG.random(shape)
    expected = oracle(img, psf, 0.01, corrections)
    assert np.abs(wiener_deconvolution(img, psf, 0.01) - expected).max() < 1e-10


def test_transfer_function_is_that_of_the_blur():
    y = degrade(IMG[..., 0], 'gblur', sigma=1.5)
    transfer = transfer_function(GAUSSIAN, (46, 64))
    blurred = np.fft.irfft2(np.fft.rfft2(mirrored(IMG[..., 0])) * transfer, s=(46, 64))
    assert np.abs(blurred - mirrored(y)).max() < 1e-12


def test_blur_without_rounding_is_undone_up_to_the_border():
    y = degrade(IMG, 'gblur', sigma=1)
    assert np.abs(y - IMG).max() > 0.3
    assert np.abs(wiener_deconvolution(y, dict(kind='gblur', sigma=1), 1e-12) - IMG).max() < 1e-3


def test_corrections_of_the_border_pay():
    smooth = degrade(RNG.random((80, 80)), 'gblur', sigma=1)
    y = degrade(smooth, 'mblur', length=9, angle=30)
    error = [
        np.mean((oracle(y[..., None], SLANTED, 1e-3, n)[..., 0] - smooth) ** 2) for n in (0, 2)
    ]
    assert error[1] < 0.7 * error[0]
    done = wiener_deconvolution(y, SLANTED, 1e-3)
    assert np.mean((done - smooth) ** 2) == pytest.approx(error[1], rel=1e-6)


def test_mean_of_the_mirrored_image_is_kept():
    for noise in (0, 0.01, 10):
        out = wiener_deconvolution(IMG[..., 0] + 1, [[1, 2, 1]], noise)
        assert mirrored(out).mean() == pytest.approx(mirrored(IMG[..., 0]).mean() + 1)
    flat = np.full((9, 9), 77, np.uint8)
    assert np.array_equal(wiener_deconvolution(flat, GAUSSIAN, 0.5), flat)


def test_limits():
    assert np.abs(wiener_deconvolution(IMG, [[1]], 0) - IMG).max() < 1e-12
    # A blur that wipes out a frequency: without noise the formula divides 0 by 0.
    blind = wiener_deconvolution(RNG.random((5, 9)), [[1, 2, 1]], 0)
    assert np.isfinite(blind).all()
    # Any sum of weights means the same.
    a, b = (wiener_deconvolution(IMG, weights) for weights in (GAUSSIAN, GAUSSIAN * 7))
    assert np.allclose(a, b, atol=1e-12)


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(psf=[[1]], noise=-0.1), ValueError, 'noise must be a number 0 to 1000, got -0.1'),
        (dict(psf=[[1]], noise='low'), TypeError, 'noise must be'),
        (dict(psf=[[1, 1]]), ValueError, 'psf must be an array of weights with odd sides'),
        (dict(psf='known'), TypeError, 'needs the Restore transform'),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        wiener_deconvolution(IMG, **params)
