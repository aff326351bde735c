"""Camera noise against its model: variance in the light, mosaic, what is drawn, JPEG."""

import json
import math

import cv2
import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import KINDS, degrade, keyed_rng
from mmdegrade.degradations.noise.bayer import PATTERNS
from mmdegrade.degradations.noise.camera import camera_noise, mean_sigma_c
from mmdegrade.degradations.noise.response import from_linear, to_linear

IMG = keyed_rng('camera').integers(0, 256, (64, 70, 3), dtype=np.uint8)
SMOOTH = cv2.GaussianBlur(IMG, (0, 0), 4)


@pytest.mark.parametrize('x', [0.2, 0.5, 0.8])
@pytest.mark.parametrize('sigmas', [(1e-3, 1e-6), (0.0, 1e-3), (5e-3, 1e-4)])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_variance_without_mosaic(x, sigmas, dtype):
    sigma_s, sigma_c = sigmas
    img = np.full((200, 200, 3), x, dtype)
    out = camera_noise(img, sigma_s, keyed_rng(x), sigma_c, mosaic=False)
    assert out.dtype == dtype
    light = float(to_linear(np.array(x)))
    n = (to_linear(out.astype(float)) - light).reshape(-1, 3)
    if light > 6 * math.sqrt(sigma_s * light + sigma_c):  # else it is cut at black
        assert n.mean() == pytest.approx(0, abs=5 * math.sqrt((sigma_s + sigma_c) / n.size))
        variance = sigma_s * light + sigma_c
        assert n.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / n.size))
        assert stats.kstest(n.ravel() / math.sqrt(variance), 'norm').pvalue > 1e-3
    assert np.abs(np.corrcoef(n.T)[np.triu_indices(3, 1)]).max() < 5 / 200


@pytest.mark.parametrize('level', [0, 3, 30, 128, 250, 255])
def test_uint8_law_without_mosaic(level):
    sigma_s, sigma_c = 3e-3, 1e-5
    img = np.full((200, 200, 3), level, np.uint8)
    out = camera_noise(img, sigma_s, keyed_rng(level), sigma_c, mosaic=False)
    light = float(to_linear(np.array(level / 255)))
    edges = to_linear((np.arange(257) - 0.5) / 255)
    edges[0], edges[-1] = -np.inf, np.inf
    expected = np.diff(stats.norm.cdf(edges, light, math.sqrt(sigma_s * light + sigma_c)))
    expected *= out.size
    counts = np.bincount(out.ravel(), minlength=256)
    common = expected > 5
    chi2 = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert stats.chi2.sf(chi2, max(common.sum() - 1, 1)) > 1e-4


@pytest.mark.parametrize('shape', [(64, 70), (64, 70, 1), (64, 70, 2), (64, 70, 4), (64, 70, 6)])
def test_other_numbers_of_channels_have_no_mosaic(shape):
    img = np.full(shape, 128, np.uint8)
    out, params = degrade(img, 'camera', 5, rng=keyed_rng(0), return_params=True)
    assert params['mosaic'] is False
    assert np.array_equal(out, camera_noise(img, 1e-2, keyed_rng(0), mean_sigma_c(1e-2)))
    with pytest.raises(ValueError, match=r'mosaic=True needs .* three channels, got shape \(64'):
        camera_noise(img, 1e-2, 0, mosaic=True)


@pytest.mark.parametrize('pattern', PATTERNS)
def test_mosaic_keeps_the_noise_where_the_colour_is_seen(pattern):
    variance = 4e-4
    img = np.full((400, 400, 3), 0.7)
    out = camera_noise(img, 0, keyed_rng(1), variance, pattern=pattern, order='rgb')
    n = to_linear(out) - float(to_linear(np.array(0.7)))
    for i, colour in enumerate('RGB'):
        for site, there in enumerate(pattern):
            y, x = divmod(site, 2)
            got = n[2 + y : -2 : 2, 2 + x : -2 : 2, i]
            # The mean of four neighbours, or of two for red and blue beside their own sites.
            if there == colour:
                share = 1
            elif colour != 'G' and there == 'G':
                share = 1 / 2
            else:
                share = 1 / 4
            assert got.var() == pytest.approx(variance * share, rel=6 * math.sqrt(2 / got.size))


def test_mosaic_of_a_smooth_image_is_near_the_image():
    out = camera_noise(SMOOTH, 0, 0, 0)
    assert np.abs(out.astype(int) - SMOOTH).mean() < 1.5
    flat = np.full((9, 8, 3), (10, 120, 240), np.uint8)
    assert np.array_equal(camera_noise(flat, 0, 0, 0), flat)


@pytest.mark.parametrize('shape', [(1, 1, 3), (1, 6, 3), (6, 1, 3), (2, 2, 3), (3, 3, 3)])
@pytest.mark.parametrize('pattern', PATTERNS)
def test_small_images_see_every_colour(shape, pattern):
    img = np.broadcast_to(np.array([10, 120, 240], np.uint8), shape)
    assert np.array_equal(camera_noise(img, 0, 0, 0, pattern=pattern), img)


@pytest.mark.parametrize('pattern', PATTERNS)
def test_order_of_channels(pattern):
    bgr = camera_noise(SMOOTH, 1e-3, keyed_rng(2), 1e-6, pattern=pattern, jpeg_quality=60)
    rgb = np.ascontiguousarray(SMOOTH[..., ::-1])
    same = camera_noise(
        rgb, 1e-3, keyed_rng(2), 1e-6, pattern=pattern, jpeg_quality=60, order='rgb'
    )
    assert np.array_equal(same[..., ::-1], bgr)


@pytest.mark.parametrize('mosaic', [True, False])
def test_every_dtype_gets_the_same_noise(mosaic):
    a = camera_noise(IMG, 1e-2, keyed_rng(3), 1e-4, mosaic=mosaic)
    for dtype in (np.float32, np.float64):
        b = camera_noise((IMG / 255).astype(dtype), 1e-2, keyed_rng(3), 1e-4, mosaic=mosaic)
        assert b.dtype == dtype and b.min() >= 0 and b.max() <= 1
        assert np.abs(b * 255.0 - a).max() < 0.502


def test_zero_changes_nothing_without_mosaic():
    wide = np.linspace(-1, 2, 30).reshape(2, 5, 3)
    for img in (IMG, IMG / 255, wide):
        assert np.array_equal(camera_noise(img, 0, 0, 0, mosaic=False), img)


def test_jpeg():
    noisy = camera_noise(SMOOTH, 1e-3, keyed_rng(4), 1e-6)
    code = cv2.imencode('.jpg', noisy, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    expected = cv2.imdecode(code, cv2.IMREAD_COLOR)
    got = camera_noise(SMOOTH, 1e-3, keyed_rng(4), 1e-6, jpeg_quality=50)
    assert np.array_equal(got, expected)
    floats = camera_noise(SMOOTH / 255, 1e-3, keyed_rng(4), 1e-6, jpeg_quality=50)
    assert np.abs(floats * 255 - np.rint(floats * 255)).max() < 1e-9
    assert np.abs(floats * 255 - got).mean() < 0.1
    for channels in (None, 1, 2, 6):
        img = np.repeat(SMOOTH[..., :1], channels or 1, 2)
        img = img[..., 0] if channels is None else img
        out = camera_noise(img, 0, 0, 0, mosaic=False, jpeg_quality=10)
        code = cv2.imencode('.jpg', SMOOTH[..., 0], [cv2.IMWRITE_JPEG_QUALITY, 10])[1]
        grey = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
        assert out.shape == img.shape
        assert all(np.array_equal(p, grey) for p in np.atleast_3d(out).transpose(2, 0, 1))
    wide = camera_noise(np.full((8, 8), 1.5), 0, 0, 0, jpeg_quality=90)
    assert np.array_equal(wide, np.ones((8, 8)))


def test_what_is_drawn():
    rng = keyed_rng(5)
    small = IMG[:2, :2]
    records = [
        degrade(
            small, 'camera', sigma_s='random', pattern='random', rng=rng, return_params=True
        )[1]
        for _ in range(600)
    ]  # fmt: skip
    assert json.loads(json.dumps(records)) == records
    log_s = np.log([r['sigma_s'] for r in records])
    log_c = np.log([r['sigma_c'] for r in records])
    low, high = math.log(1e-4), math.log(1e-2)
    assert stats.kstest(log_s, 'uniform', (low, high - low)).pvalue > 1e-3
    assert stats.kstest(log_c - 2.2 * log_s - 1.2, 'norm', (0, 0.26)).pvalue > 1e-3
    assert abs(np.corrcoef(log_s, log_c - 2.2 * log_s)[0, 1]) < 5 / math.sqrt(600)
    assert (
        stats.chisquare([sum(r['pattern'] == p for r in records) for p in PATTERNS]).pvalue > 1e-3
    )
    assert all(r['mosaic'] is True for r in records)
    given = degrade(small, 'camera', sigma_s=0, rng=0, return_params=True)[1]
    assert given['sigma_c'] == 0
    # Drawn in the function as by degrade.
    assert np.array_equal(
        camera_noise(IMG, 'random', 6), degrade(IMG, 'camera', sigma_s='random', rng=6)
    )


def test_degrees_lie_on_the_line():
    degrees = [KINDS['camera'].resolve(d) for d in range(1, 6)]
    assert np.allclose([d['sigma_s'] for d in degrees], np.geomspace(1e-4, 1e-2, 5))
    for d in degrees:
        assert math.log(d['sigma_c']) == pytest.approx(2.2 * math.log(d['sigma_s']) + 1.2)


def test_saturation():
    out = camera_noise(np.array([[-1.0, 2.0]]), 1e-2, keyed_rng(0), 1e-3)
    assert 0 <= out.min() and out.max() <= 1
    white = to_linear(camera_noise(np.full((200, 200), 1.0), 0.01, keyed_rng(1), 0))
    assert (white == 1).mean() == pytest.approx(0.5, abs=0.02)
    assert from_linear(np.array(1.0)) == pytest.approx(1)


@pytest.mark.parametrize(
    ('params', 'error', 'words'),
    [
        (dict(sigma_s=2), ValueError, "sigma_s must be a number 0 to 1 or 'random', got 2"),
        (dict(sigma_s='rand'), ValueError, "Did you mean 'random'"),
        (dict(sigma_s=0.1, sigma_c=None), TypeError, 'sigma_c must be'),
        (dict(sigma_s=0.1, mosaic='yes'), TypeError, 'mosaic must be True, False or None'),
        (dict(sigma_s=0.1, pattern='RGBG'), ValueError, "'RGBG'"),
        (dict(sigma_s=0.1, jpeg_quality=101), ValueError, 'integer 0 to 100 or None, got 101'),
        (dict(sigma_s=0.1, jpeg_quality=5.0), TypeError, 'jpeg_quality must be an integer'),
        (dict(sigma_s=0.1, order='gbr'), ValueError, "order must be 'bgr' or 'rgb'"),
    ],
)
def test_errors(params, error, words):
    with pytest.raises(error, match=words):
        camera_noise(IMG, rng=0, **params)
