"""Richardson-Lucy against a plain loop, and what maximum likelihood promises."""

import numpy as np
import pytest
from scipy import ndimage, signal

from mmdegrade.degradations import degrade
from mmdegrade.restoration import blur_kernel, richardson_lucy

RNG = np.random.default_rng(0)
IMG = ndimage.gaussian_filter(RNG.random((30, 37, 3)), (1, 1, 0))
BLURS = [
    dict(kind='gblur', sigma=1.5),
    dict(kind='mblur', length=7, angle=30),
    dict(kind='mblur_gaussian', radius=4, sigma=3, angle=70),
]


def convolve(plane, psf):
    """Borders mirrored, by SciPy's direct sum."""
    rows, columns = psf.shape[0] // 2, psf.shape[1] // 2
    padded = np.pad(plane, ((rows, rows), (columns, columns)), mode='reflect')
    return signal.convolve2d(padded, psf, mode='valid')


def plain(y, psf, iterations):
    x = y.copy()
    for _ in range(iterations):
        x = x * convolve(y / convolve(x, psf), psf[::-1, ::-1])
    return x


def accelerated(y, psf, iterations):
    """Biggs and Andrews 1997, equations 4 to 9, of a stack of channels as one vector."""
    xs, gs = [y], []
    for k in range(iterations):
        alpha = 0.0
        if k >= 2:
            alpha = np.sum(gs[-1] * gs[-2]) / np.sum(gs[-2] ** 2)
            alpha = min(max(alpha, 0), 1)
        start = xs[-1] + (alpha * (xs[-1] - xs[-2]) if k else 0)
        start = np.maximum(start, 0)
        after = np.stack(
            [
                s * convolve(c / convolve(s, psf), psf[::-1, ::-1])
                for s, c in zip(np.moveaxis(start, 2, 0), np.moveaxis(y, 2, 0), strict=True)
            ],
            axis=2,
        )
        gs.append(after - start)
        xs.append(after)
    return xs[-1]


@pytest.mark.parametrize('blur', BLURS, ids=lambda blur: blur['kind'])
@pytest.mark.parametrize('iterations', [1, 7])
def test_plain_updates(blur, iterations):
    y = degrade(IMG, rng=0, **blur)
    psf = blur_kernel(**blur)
    out = richardson_lucy(y, psf, iterations, accelerate=False)
    expected = np.stack([plain(y[..., c], psf, iterations) for c in range(3)], axis=2)
    assert np.abs(out - expected).max() < 1e-10
    single = richardson_lucy(y.astype(np.float32), blur, iterations, accelerate=False)
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-4
    eight = np.rint(y * 255).astype(np.uint8)
    rounded = [plain(eight[..., c].astype(float), psf, iterations) for c in range(3)]
    difference = richardson_lucy(eight, blur, iterations, accelerate=False) - np.clip(
        np.rint(np.stack(rounded, axis=2)), 0, 255
    )
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 0.02


@pytest.mark.parametrize('blur', BLURS, ids=lambda blur: blur['kind'])
def test_accelerated_updates(blur):
    y = degrade(IMG, rng=0, **blur)
    psf = blur_kernel(**blur)
    for iterations in (1, 2, 3, 12):
        out = richardson_lucy(y, psf, iterations)
        assert np.abs(out - accelerated(y, psf, iterations)).max() < 1e-9
        assert np.array_equal(out, richardson_lucy(y, psf, iterations, accelerate=None))


def test_likelihood_grows_and_acceleration_hurries_it():
    y = degrade(IMG, 'gblur', sigma=1.5)[..., 0]
    psf = blur_kernel('gblur', sigma=1.5)

    def likelihood(x):
        blurred = convolve(x, psf)
        # In the period of the mirrored image its edges count once, the rest twice or four times.
        return np.pad(y * np.log(blurred) - blurred, ((0, 28), (0, 35)), mode='reflect').sum()

    steps = [likelihood(richardson_lucy(y, psf, n, accelerate=False)) for n in range(20)]
    assert all(a < b for a, b in zip(steps, steps[1:], strict=False))
    assert likelihood(richardson_lucy(y, psf, 20)) > likelihood(
        richardson_lucy(y, psf, 60, accelerate=False)
    )


def test_the_light_of_the_mirrored_image_is_kept():
    y = degrade(IMG, 'gblur', sigma=1.5)[..., 0]
    for accelerate in (True, False):
        out = richardson_lucy(y, dict(kind='gblur', sigma=1.5), 5, accelerate)
        total = [np.pad(v, ((0, 28), (0, 35)), mode='reflect').sum() for v in (out, y)]
        assert total[0] == pytest.approx(total[1], rel=1e-9)


def test_a_blurred_point_becomes_a_point_again():
    point = np.zeros((21, 21))
    point[10, 10] = 1
    y = degrade(point, 'gblur', sigma=1.5)
    out = richardson_lucy(y, dict(kind='gblur', sigma=1.5), 200)
    assert y.max() < 0.08 and out[10, 10] > 0.5
    assert np.argmax(out) == 10 * 21 + 10 and out.min() >= 0


def test_identities():
    for img in (IMG, IMG.astype(np.float32), np.rint(IMG * 255).astype(np.uint8)):
        assert np.array_equal(richardson_lucy(img, [[1, 2, 1]], 0), img)
        assert np.allclose(richardson_lucy(img, [[1]], 4), img, atol=1e-6)
    flat = np.full((9, 9), 77, np.uint8)
    assert np.array_equal(richardson_lucy(flat, dict(kind='gblur', sigma=2)), flat)
    black = np.zeros((9, 9), np.uint8)
    assert np.array_equal(richardson_lucy(black, dict(kind='gblur', sigma=2)), black)


def test_values_below_0_count_as_0():
    img = IMG.copy()
    img[5:9, 5:9] = -0.4
    cut = np.maximum(img, 0)
    a, b = (richardson_lucy(v, dict(kind='gblur', sigma=1.5), 5) for v in (img, cut))
    assert np.array_equal(a, b) and a.min() >= 0


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(psf=[[1]], iterations=-1), ValueError, 'iterations must be an integer 0 to 10000'),
        (dict(psf=[[1]], iterations=1.5), TypeError, 'iterations must be'),
        (dict(psf=[[1]], accelerate=1), TypeError, 'accelerate must be True, False or None'),
        (dict(psf=[[-1]]), ValueError, 'psf must be'),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        richardson_lucy(IMG, **params)
