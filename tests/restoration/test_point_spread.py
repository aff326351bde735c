"""Point spread functions: those of our blurs, those given, and filtering with them."""

import numpy as np
import pytest
from scipy import ndimage, signal

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.restoration import blur_kernel
from mmdegrade.restoration.parameters import PointSpread
from mmdegrade.restoration.point_spread import KERNELS, Blur, correlate, settled_blur

RNG = np.random.default_rng(0)
BLURS = [
    dict(kind='gblur', sigma=2.5),
    dict(kind='gblur', sigma=2, kernel_size=13),
    dict(kind='mblur', length=12, angle=30),
    dict(kind='mblur_gaussian', radius=6, sigma=4, angle=20),
    dict(kind='defocus', radius=4, alias_sigma=0.5),
    dict(kind='gblur', degree=3),
]


@pytest.mark.parametrize('blur', BLURS, ids=str)
def test_kernels_do_what_the_blurs_do(blur):
    img = RNG.random((40, 50))
    psf = blur_kernel(**blur)
    assert psf.dtype == np.float64 and psf.sum() == pytest.approx(1) and psf.min() >= 0
    assert all(side % 2 for side in psf.shape)
    expected = ndimage.convolve(img, psf, mode='mirror')
    assert np.abs(degrade(img, rng=keyed_rng(0), **blur) - expected).max() < 1e-9


def test_no_blur_is_one_weight():
    for blur in (
        dict(kind='gblur', sigma=0),
        dict(kind='mblur', length=1),
        dict(kind='defocus', radius=0),
        dict(kind='mblur_gaussian', radius=0, sigma=3, angle=0),
    ):
        assert blur_kernel(**blur).tolist() == [[1]]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('shape', [(33, 41), (33, 41, 3), (20, 20, 6), (5, 4), (1, 3)])
@pytest.mark.parametrize(
    'psf',
    [
        blur_kernel('gblur', sigma=3),
        blur_kernel('mblur', length=15, angle=45),
        blur_kernel('defocus', degree=5),
        RNG.random((3, 7)),
        RNG.random((21, 19)),  # more weights than the direct method takes
        np.outer(np.arange(1.0, 6), np.arange(1.0, 4)),  # separable, not symmetric
    ],
    ids=lambda psf: 'x'.join(map(str, psf.shape)),
)
def test_blur_and_its_transpose(psf, shape, dtype):
    psf = psf / psf.sum()
    img = RNG.random(shape).astype(dtype)
    blur = Blur(psf)
    flat = psf.reshape(*psf.shape, *[1] * (len(shape) - 2))
    limit = 3e-6 if dtype == np.float32 else 1e-12
    forward, back = blur(img), blur.transpose(img)
    assert forward.dtype == dtype and forward.shape == shape
    exact = img.astype(np.float64)
    assert np.abs(forward - ndimage.convolve(exact, flat, mode='mirror')).max() < limit
    assert np.abs(back - ndimage.correlate(exact, flat, mode='mirror')).max() < limit
    assert np.abs(correlate(img, psf) - back).max() < 2 * limit


def test_transpose_is_the_transpose_away_from_borders():
    psf = RNG.random((5, 7))
    blur = Blur(psf / psf.sum())
    x, y = np.zeros((2, 30, 30))
    x[8:22, 8:22], y[8:22, 8:22] = RNG.random((2, 14, 14))
    assert np.vdot(blur(x), y) == pytest.approx(np.vdot(x, blur.transpose(y)), rel=1e-12)
    assert np.allclose(blur(x), signal.convolve2d(x, psf / psf.sum(), mode='same'))


def test_separable_weights_are_recognised():
    assert Blur(blur_kernel('gblur', sigma=3)).taps is not None
    assert Blur(np.full((5, 5), 1 / 25)).taps is not None
    assert Blur(blur_kernel('mblur', length=9, angle=0)).taps is not None
    assert Blur(blur_kernel('mblur', length=9, angle=45)).taps is None
    assert Blur(blur_kernel('defocus', degree=3)).taps is None


def test_weights_given():
    check = PointSpread().check
    assert check('psf', [[0, 2, 0]]).tolist() == [[0, 1, 0]]
    assert check('psf', np.ones((3, 1), int)).tolist() == [[1 / 3]] * 3
    assert np.array_equal(check('psf', dict(kind='gblur', sigma=2)), blur_kernel('gblur', sigma=2))
    given = np.ones((3, 3))
    check('psf', given)
    assert np.all(given == 1)


def test_settled_blur_holds_every_parameter():
    assert settled_blur('mblur', 3) == dict(kind='mblur', length=15.0, angle=45.0)
    assert settled_blur('gblur', sigma=np.float32(2)) == dict(
        kind='gblur', sigma=2.0, kernel_size=None
    )
    assert {'gblur', 'mblur', 'defocus'} <= set(KERNELS)


@pytest.mark.parametrize(
    ('value', 'error', 'words'),
    [
        (np.ones((4, 3)), ValueError, r'psf must be an array .* odd sides.* got shape \(4, 3\)'),
        (np.ones(3), ValueError, r'got shape \(3,\)'),
        ([[0.0, 0, 0]], ValueError, 'only zeros'),
        ([[1.0, -1, 1]], ValueError, 'psf must be'),
        ([[1.0, np.nan, 1]], ValueError, 'psf must be'),
        ([[1.0, np.inf, 1]], ValueError, 'psf must be'),
        ('known', TypeError, "got 'known'; 'known' needs the Restore transform"),
        (None, TypeError, 'got None'),
        ([['a']], TypeError, 'psf must be'),
        ([[1, 2], [3]], TypeError, 'psf must be'),
        (dict(kind='gblurr'), ValueError, "psf=.*'gblurr' is no blur.*Did you mean 'gblur'"),
        (dict(kind='haze', degree=1), ValueError, "'haze' is no blur.*Allowed kinds: gblur, mblur"),
        (dict(kind='gblur'), ValueError, 'psf=.*gblur needs degree'),
        (dict(kind='gblur', sigma=-1), ValueError, 'sigma must be a number 0 to 100'),
        (dict(kind='mblur', length=9, angle='random'), ValueError, "angle='random' gives no ker"),
        (dict(sigma=3), TypeError, 'kind'),
    ],
)
def test_errors(value, error, words):
    with pytest.raises(error, match=words):
        PointSpread().check('psf', value)
