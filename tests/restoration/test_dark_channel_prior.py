"""The dark channel prior against its formulas, and on haze that is known."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations import haze, relative_depth
from mmdegrade.degradations.weather.depth import fill_depth_holes
from mmdegrade.degradations.weather.guided_filter import guided_filter
from mmdegrade.restoration import dehaze_dark_channel
from mmdegrade.restoration.dark_channel_prior import EPS, dark_channel_transmission
from mmdegrade.restoration.dehazing import align, brightest_of_hazy

RNG = np.random.default_rng(0)
IMG = RNG.uniform(0.2, 1, (40, 50, 3))


def oracle(img, omega=0.95, t0=0.1, patch=15, radius=20, airlight=None):
    dark = ndimage.minimum_filter(img.min(axis=2), patch, mode='nearest')
    light = np.array(brightest_of_hazy(img, dark) if airlight is None else airlight)
    ratio = np.minimum(img / light, 1).min(axis=2)
    t = 1 - omega * ndimage.minimum_filter(ratio, patch, mode='nearest')
    if radius:
        t = guided_filter(img, t, radius, EPS)
    t = np.clip(t, t0, 1)[..., None]
    return np.clip((img - light) / t + light, 0, 1)


@pytest.mark.parametrize(
    'params',
    [
        {},
        dict(airlight=[0.9, 1.0, 0.8]),
        dict(omega=0.5, t0=0.3, patch=7, radius=3),
        dict(radius=0, patch=1, airlight=[1.0, 1.0, 1.0]),
    ],
)
def test_formula(params):
    expected = oracle(IMG, **params)
    assert np.abs(dehaze_dark_channel(IMG, **params) - expected).max() < 1e-9
    single = dehaze_dark_channel(IMG.astype(np.float32), **params)
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-3
    eight = np.rint(IMG * 255).astype(np.uint8)
    out = dehaze_dark_channel(eight, **params)
    assert out.dtype == np.uint8
    assert np.abs(out - oracle(eight / 255, **params) * 255).max() < 1


def test_even_haze_is_measured_exactly_where_the_prior_holds():
    # Every 3x3 patch has a black pixel, so its dark channel is (1 - t) A.
    clean = RNG.random((30, 30, 3))
    clean[1::3, 1::3] = 0
    for t in (0.3, 0.6, 0.9):
        for light in (np.array([1.0, 1, 1]), np.array([0.9, 0.8, 0.7])):
            hazy = t * clean + (1 - t) * light
            found = dark_channel_transmission(hazy, light, 1.0, 3)
            assert np.abs(found - t).max() < 1e-12
            partly = dark_channel_transmission(hazy, light, 0.95, 3)
            assert np.abs(partly - (1 - 0.95 * (1 - t))).max() < 1e-12
            params = dict(omega=1, patch=3, radius=0, airlight=light.tolist())
            assert np.abs(dehaze_dark_channel(hazy, **params) - clean).max() < 1e-9


def office(folder):
    """SUN RGB-D: metres, three bits of whose millimetres are rotated."""
    raw = cv2.imread(str(folder / 'depth_bfx.png'), cv2.IMREAD_UNCHANGED)
    metres = ((raw >> 3) | (raw << 13)).astype(np.float32) / 1000
    return cv2.imread(str(folder / 'image.jpg')), relative_depth(fill_depth_holes(metres))


def motorcycle(folder):
    """Middlebury: inverse disparity, up to its 99th percentile."""
    raw = cv2.imread(str(folder / 'motorcycle_disp_x256.png'), cv2.IMREAD_UNCHANGED)
    near = np.where(raw > 0, 256 / np.maximum(raw, 1), 0).astype(np.float32)
    near = fill_depth_holes(near)
    img = cv2.imread(str(folder / 'motorcycle_left.png'))
    return img, relative_depth(near, far=float(np.percentile(near, 99)))


@pytest.mark.parametrize(
    ('read', 'place', 'error', 'correlation'),  # measured, and some room
    [
        (motorcycle, 'middlebury_motorcycle', 0.104, 0.68),
        (office, 'sunrgbd/office_kv2_0000144', 0.062, 0.54),
        (office, 'sunrgbd/office_xtion_img_0063', 0.033, 0.48),
    ],
)
def test_haze_over_real_depth(require_data, read, place, error, correlation):
    img, depth = read(require_data(f'depth_sample/{place}'))
    true = np.exp(-2.5 * depth)
    values = (haze(img, 2.5, depth) / 255).astype(np.float32)
    rough = dark_channel_transmission(values, np.ones(3, np.float32), 0.95, 15)
    found = np.clip(align(rough, values, 20, EPS), 0.1, 1)
    assert np.abs(found - true).mean() < 1.1 * error
    likeness = [np.corrcoef(t.ravel(), true.ravel())[0, 1] for t in (rough, found)]
    assert likeness[1] > 0.95 * correlation and likeness[1] > likeness[0]


def test_identities_and_limits():
    eight = np.rint(IMG * 255).astype(np.uint8)
    for img in (IMG, eight):
        out = dehaze_dark_channel(img, omega=0)
        assert np.array_equal(out, img) and not np.shares_memory(out, img)
    white, black = np.full((20, 20, 3), 255, np.uint8), np.zeros((20, 20, 3), np.uint8)
    assert np.array_equal(dehaze_dark_channel(white), white)
    assert np.array_equal(dehaze_dark_channel(black), black)
    assert np.array_equal(dehaze_dark_channel(eight, t0=1, airlight=1), eight)


def test_channel_order_does_not_matter():
    eight = np.rint(IMG * 255).astype(np.uint8)
    swapped = dehaze_dark_channel(np.ascontiguousarray(eight[..., ::-1]))[..., ::-1]
    assert np.abs(swapped.astype(int) - dehaze_dark_channel(eight)).max() <= 1


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(omega=1.1), ValueError, 'omega must be a number 0 to 1, got 1.1'),
        (dict(t0=0), ValueError, 't0 must be a number 0.001 to 1, got 0'),
        (dict(patch=4), ValueError, 'patch must be an odd integer 1 to 255'),
        (dict(radius=-1), ValueError, 'radius must be an integer 0 to 1000'),
        (dict(airlight=[1.0, 1.0]), ValueError, 'airlight must be one number or one for each of 3'),
        (dict(airlight='white'), TypeError, 'airlight must be'),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        dehaze_dark_channel(IMG, **params)
