"""`restore`: what every method must keep to, and that each one pays on what it is made for."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.restoration import METHODS, restore
from tests.restoration.fake_bm3d import fake_bm3d

pytestmark = pytest.mark.filterwarnings('ignore:haze. no depth given')
MOTION = dict(kind='mblur', length=5, angle=30)
# What a method needs beside its defaults, at a size that suits small images.
NEEDED = {
    'wiener': dict(psf=MOTION),
    'richardson_lucy': dict(psf=MOTION, iterations=4),
    'blind_deconvolution': dict(size=5, iterations=3),
    'non_local_means': dict(h=20, search=7),
    'bm3d': dict(sigma=20),
}
# Kind, method, parameters for degree 3; gain in dB on `textured`, and the least gain of five images
# of CamVid, as measured.
PAYS = [
    ('saltpepper', 'median', {}, 11.1, 6.1),
    ('gblur', 'wiener', dict(psf=dict(kind='gblur', degree=3)), 2.9, 1.4),
    ('mblur', 'wiener', dict(psf=dict(kind='mblur', degree=3)), 7.6, 5.5),
    ('defocus', 'wiener', dict(psf=dict(kind='defocus', degree=3)), 6.2, 3.3),
    ('gblur', 'richardson_lucy', dict(psf=dict(kind='gblur', degree=3)), 2.7, 1.3),
    ('mblur', 'richardson_lucy', dict(psf=dict(kind='mblur', degree=3)), 8.0, 5.8),
    ('defocus', 'richardson_lucy', dict(psf=dict(kind='defocus', degree=3)), 5.8, 3.2),
    ('gblur', 'blind_deconvolution', {}, 1.0, 0.5),
    ('mblur', 'blind_deconvolution', {}, 1.2, 0.15),
    ('defocus', 'blind_deconvolution', {}, 1.5, 0.6),
    ('haze', 'dark_channel', {}, 6.8, 9.9),
    ('haze', 'colour_attenuation', {}, 2.4, 4.1),
    ('awgn', 'non_local_means', dict(h=27), 8.2, 6.8),
]


@pytest.fixture(autouse=True, scope='module')
def stand_in():
    """The rules hold for what surrounds the package bm3d, too."""
    with fake_bm3d():
        yield


def textured():
    """Blocks of colour with a fine grain and dark seams."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(10, 200, (8, 10, 3)).repeat(24, 0).repeat(24, 1).astype(float)
    blocks[::24] = blocks[:, ::24] = 10
    grain = ndimage.gaussian_filter(rng.normal(0, 1, blocks.shape), (1, 1, 0))
    return np.clip(np.rint(ndimage.gaussian_filter(blocks, (0.7, 0.7, 0)) + 30 * grain), 0, 255)


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b.astype(float)) ** 2))


def gain(clean, kind, method, params):
    degraded = degrade(clean, kind, 3, rng=keyed_rng(0))
    return psnr(restore(degraded, method, **params), clean) - psnr(degraded, clean)


@pytest.mark.parametrize(
    ('kind', 'method', 'params', 'expected'), [(*row[:3], row[3]) for row in PAYS]
)
def test_it_pays_on_a_textured_image(kind, method, params, expected):
    assert gain(textured().astype(np.uint8), kind, method, params) > 0.9 * expected


@pytest.mark.parametrize(
    ('kind', 'method', 'params', 'expected'), [(*row[:3], row[4]) for row in PAYS]
)
def test_it_pays_on_camvid(require_data, kind, method, params, expected):
    files = sorted(require_data('camvid/test').iterdir())
    for file in (files[0], files[-1]):
        assert gain(cv2.imread(str(file)), kind, method, params) > 0.8 * expected


def test_every_method_pays_somewhere():
    assert {row[1] for row in PAYS} == set(METHODS) - {'bm3d'}  # its package is not installed
    assert all(row[0] in METHODS[row[1]].undoes for row in PAYS)


@pytest.mark.parametrize('method', METHODS)
def test_uint8_and_float_agree(method):
    img = textured()[:96, :80].astype(np.uint8)
    eight = restore(img, method, **NEEDED.get(method, {}))
    for dtype in (np.float32, np.float64):
        real = restore((img / 255).astype(dtype), method, **NEEDED.get(method, {}))
        difference = np.abs(eight - 255 * np.clip(real, 0, 1))
        assert difference.max() < 0.6


@settings(max_examples=80, deadline=None)
@given(
    method=st.sampled_from(list(METHODS)),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64]),
    size=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    channels=st.sampled_from([None, 1, 2, 3, 4, 6]),
    layout=st.sampled_from(['plain', 'flipped', 'fortran', 'read-only', 'big-endian']),
)
def test_any_image(method, dtype, size, channels, layout):
    shape = size if channels is None else (*size, channels)
    img = np.random.default_rng(0).random(shape)
    img = np.rint(img * 255).astype(np.uint8) if dtype == np.uint8 else img.astype(dtype)
    plain = img.copy()
    if layout == 'flipped':
        img = np.ascontiguousarray(img[:, ::-1])[:, ::-1]
    elif layout == 'fortran':
        img = np.asfortranarray(img)
    elif layout == 'read-only':
        img.flags.writeable = False
    elif layout == 'big-endian':
        img = img.astype(img.dtype.newbyteorder('>'))
    out = restore(img, method, **NEEDED.get(method, {}))
    assert out.shape == shape and out.dtype == dtype and np.isfinite(out).all()
    assert out.flags.writeable and not np.shares_memory(out, img)
    assert np.array_equal(img, plain)
    assert np.array_equal(out, restore(plain, method, **NEEDED.get(method, {})))


@pytest.mark.parametrize('method', METHODS)
def test_grey_is_three_equal_channels(method):
    grey = textured()[:64, :60, 0].astype(np.uint8)
    alone = restore(grey, method, **NEEDED.get(method, {})).astype(int)
    three = restore(np.repeat(grey[..., None], 3, axis=2), method, **NEEDED.get(method, {}))
    assert np.abs(three - alone[..., None]).max() <= 1


@pytest.mark.parametrize(
    ('method', 'params', 'expected'),
    [
        ('median', {}, dict(size=3)),
        (
            'wiener',
            dict(psf=dict(kind='mblur', degree=1)),
            dict(psf=dict(kind='mblur', length=5.0, angle=45.0), noise=0.003),
        ),
        ('wiener', dict(psf=np.ones((3, 3)), noise=1), dict(psf='given', noise=1.0)),
        ('wiener', dict(psf=[[1, 2, 1]]), dict(psf='given', noise=0.003)),
        ('non_local_means', dict(h=7, search=5), dict(h=7.0, patch=3, search=5)),
    ],
)
def test_recorded_parameters(method, params, expected):
    img = textured()[:40, :40].astype(np.uint8)
    out, record = restore(img, method, return_params=True, **params)
    assert record == expected and json.loads(json.dumps(record)) == expected
    if record.get('psf') != 'given':  # the record does the same again
        assert np.array_equal(out, restore(img, method, **record))


@pytest.mark.parametrize(
    ('img', 'error', 'words'),
    [
        ([[1]], TypeError, 'must be a NumPy array'),
        (np.zeros((4, 4), np.int32), TypeError, 'got int32'),
        (np.zeros((0, 4), np.uint8), ValueError, 'not be empty'),
        (np.full((4, 4), 90.0), ValueError, 'divide by 255'),
        (np.array([[0, np.nan]]), ValueError, 'finite'),
    ],
)
@pytest.mark.parametrize('method', METHODS)
def test_bad_images(img, error, words, method):
    with pytest.raises(error, match=words):
        restore(img, method, **NEEDED.get(method, {}))
    with pytest.raises(error, match=words):
        METHODS[method].function(img, **NEEDED.get(method, {}))
