"""What holds for every kind beyond test_degrade.py: zero strength, sizes, masks, ranges."""

import warnings

import numpy as np
import pytest

from mmdegrade.degradations import KINDS, degrade, keyed_rng

# Parameters at which a kind is the identity, to the bit.
IDENTITY = {
    'gblur': dict(sigma=0),
    'mblur': dict(length=1),
    'mblur_gaussian': dict(radius=0, sigma=1),
    'defocus': dict(radius=0),
    'glass': dict(sigma=0, max_delta=0, iterations=1),
    'zoom': dict(factor=1, step=0.1),
    'awgn': dict(sigma=0),
    'awgn_1d': dict(sigma=0),
    'awgn_2d': dict(sigma=0),
    'speckle': dict(sigma=0),
    'saltpepper': dict(amount=0),
    'pepper': dict(amount=0),
    'impulse': dict(amount=0),
    'camera': dict(sigma_s=0, sigma_c=0, mosaic=False),
    'haze': dict(beta=0),
    'fog': dict(beta=0),
    'rain': dict(intensity=0),
    'frost': dict(keep=1, weight=0),
    'plasma_fog': dict(strength=0, decay=2),
    'brightness': dict(shift=0),
    'contrast': dict(factor=1),
    'saturate': dict(scale=1, shift=0),
    'pixelate': dict(scale=1),
    'crop': dict(ratio=0),
    'elastic': dict(degree=1, alpha=0),
}
# Counting photons, compressing, and weather that also changes the light have no zero.
NO_IDENTITY = {'poisson', 'low_light', 'jpeg', 'snow', 'spatter'}
# Kinds that may leave [0, 1] for a float image unless told to clip.
UNBOUNDED = {'awgn', 'awgn_1d', 'awgn_2d', 'speckle', 'poisson'}


def picture(shape=(64, 48, 3), dtype=np.uint8):
    img = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return img if dtype == np.uint8 else (img / 255).astype(dtype)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # the depth ramp stands in, as documented
        yield


def test_every_kind_is_listed_once():
    assert set(IDENTITY) | NO_IDENTITY == set(KINDS)
    assert not set(IDENTITY) & NO_IDENTITY


@pytest.mark.parametrize('kind', IDENTITY)
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_zero_strength_is_the_identity(kind, dtype):
    for shape in ((64, 48, 3), (20, 31), (1, 1, 3)):
        img = picture(shape, dtype)
        out = degrade(img, kind, rng=0, **IDENTITY[kind])
        assert np.array_equal(out, img) and out is not img


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_float_images_stay_on_0_1(kind, dtype):
    img = picture(dtype=dtype)
    out = degrade(img, kind, 5, rng=0, **({'clip': True} if kind in UNBOUNDED else {}))
    assert out.min() >= 0 and out.max() <= 1


@pytest.mark.parametrize('kind', KINDS)
def test_the_same_seed_hits_grey_and_large_images(kind):
    for shape in ((1024, 2048, 3), (700, 333)):
        img = np.broadcast_to(picture((shape[0], 1, *shape[2:])), shape)
        out = degrade(img, kind, 3, rng=keyed_rng(1))
        assert out.shape == shape and out.dtype == np.uint8
        assert np.array_equal(out, degrade(img, kind, 3, rng=keyed_rng(1)))
