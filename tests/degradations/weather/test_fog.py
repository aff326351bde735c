"""Fog against its formula, with the parts (airlight, guided filter) tested by themselves."""

import json
import math

import cv2
import numpy as np
import pytest

from mmdegrade.degradations import KINDS, degrade, resolve_params
from mmdegrade.degradations.weather.dark_channel import estimate_airlight
from mmdegrade.degradations.weather.depth import metric_depth_ramp, ray_distance
from mmdegrade.degradations.weather.fog import attenuation, fog, visibility
from mmdegrade.degradations.weather.guided_filter import guided_filter

pytestmark = pytest.mark.filterwarnings('ignore:fog. no depth given')
RNG = np.random.default_rng(0)
IMG = RNG.random((31, 44, 3))
GREY = np.rint(IMG * 255).astype(np.uint8)
DEPTH = RNG.uniform(1, 200, (31, 44))


def test_published_levels():
    assert [d['beta'] for d in KINDS['fog'].degrees] == [0.005, 0.01, 0.015, 0.02, 0.03]
    for degree, beta in ((1, 0.005), (2, 0.01), (3, 0.03)):
        assert resolve_params('fog', degree, preset='ubcn')['beta'] == beta


@pytest.mark.parametrize('beta', [0.0, 0.005, 0.03])
@pytest.mark.parametrize('airlight', [0.8, [0.9, 0.7, 0.2]])
def test_formula(beta, airlight):
    expected = np.empty_like(IMG)
    t = np.e ** -(beta * DEPTH)
    for c, a in enumerate(np.broadcast_to(airlight, 3)):
        expected[..., c] = a + t * (IMG[..., c] - a)
    options = dict(airlight=airlight, refine=False)
    assert np.abs(fog(IMG, beta, DEPTH, **options) - expected).max() < 1e-12
    single = fog(IMG.astype(np.float32), beta, DEPTH, **options)
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-6
    t = t[..., None]
    rounded = np.rint(GREY * t + (1 - t) * 255 * np.array(airlight))
    difference = fog(GREY, beta, DEPTH, **options) - rounded
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 1e-3


def test_large_images_are_done_in_strips():
    img = RNG.integers(0, 256, (301, 517, 3), np.uint8)
    depth = RNG.uniform(1, 200, (301, 517)).astype(np.float32)
    t = np.exp(-0.01 * depth.astype(float))[..., None]
    expected = np.rint(img * t + (1 - t) * 255 * np.array([0.3, 0.6, 0.9]))
    difference = fog(img, 0.01, depth, [0.3, 0.6, 0.9], refine=False) - expected
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 1e-3


def test_airlight_of_the_image_is_used_and_recorded():
    for img in (GREY, IMG):
        for order in ('bgr', 'rgb'):
            light = estimate_airlight(img, order)
            out, params = degrade(
                img, 'fog', 3, return_params=True, depth=DEPTH, order=order, rng=0
            )
            assert params['airlight'] == light and params['refine'] is True
            assert json.loads(json.dumps(params)) == params
            assert np.array_equal(out, fog(img, 0.015, DEPTH, light, order=order))
            assert np.array_equal(out, fog(img, 0.015, DEPTH, order=order))


def test_without_depth():
    out, params = degrade(GREY, 'fog', 2, return_params=True)
    assert params['depth'] is None and params['refine'] is False
    ramp = metric_depth_ramp(31, 44)
    assert np.array_equal(out, fog(GREY, 0.01, ramp, refine=False))
    assert np.array_equal(out, degrade(GREY, 'fog', **params))


@pytest.mark.parametrize('shape', [(31, 44, 3), (150, 170, 3), (40, 50), (40, 50, 1), (40, 50, 4)])
def test_refinement_is_the_guided_filter_of_the_transmission(shape):
    img, depth = RNG.random(shape), RNG.uniform(1, 90, shape[:2])
    guide = img if shape[2:] == (3,) else img.reshape(*shape[:2], -1).mean(2)
    step = 4 if min(shape[:2]) >= 128 else 1
    t = np.clip(guided_filter(guide, np.exp(-0.02 * depth), 20, 1e-3, step), 0, 1)
    t = t.reshape(shape[:2] + (1,) * (len(shape) - 2))
    expected = img * t + (1 - t) * 0.8
    assert np.abs(fog(img, 0.02, depth, 0.8) - expected).max() < 1e-9
    whole = np.rint(img * 255).astype(np.uint8)
    assert np.abs(fog(whole, 0.02, depth, 0.8) / 255 - expected).max() < 0.6 / 255 + 2e-3


def test_focal_turns_depth_into_distance():
    a = fog(IMG, 0.01, DEPTH, 0.8, focal=30)
    assert np.array_equal(a, fog(IMG, 0.01, ray_distance(DEPTH, 30), 0.8))
    assert not np.allclose(a, fog(IMG, 0.01, DEPTH, 0.8))
    # Corners are farther along the ray, so they get more of the fog.
    flat = fog(np.zeros((31, 44)), 0.01, np.full((31, 44), 50.0), 1.0, 30, refine=False)
    assert flat[0, 0] > flat[15, 22] and flat[15, 22] == pytest.approx(1 - np.exp(-0.5), abs=1e-3)


@pytest.mark.parametrize('dtype', ['<f2', '>f4', '<f8'])
def test_any_float_depth(dtype):
    whole = np.rint(DEPTH).astype(np.float32)
    for focal in ('ray', 40.0):
        out = fog(GREY, 0.01, whole.astype(dtype).T.copy().T, 0.8, focal)
        assert np.abs(out.astype(int) - fog(GREY, 0.01, whole, 0.8, focal)).max() <= 1


@pytest.mark.parametrize('refine', [True, False])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_infinite_depth_is_the_airlight(refine, dtype):
    img = GREY if dtype == np.uint8 else IMG.astype(dtype)
    white = 255 if dtype == np.uint8 else 1
    everywhere = fog(img, 1e-6, np.full((31, 44), np.inf), 0.6, refine=refine)
    assert np.abs(everywhere / white - 0.6).max() < 1e-5
    depth = DEPTH.astype(np.float32)
    depth[:10] = np.inf
    out = fog(img, 0.01, depth, 0.6, refine=refine)
    assert np.isfinite(out).all()
    if not refine:
        assert np.abs(out[:10] / white - 0.6).max() < 1e-5
    along = fog(img, 0.01, depth, 0.6, focal=40.0, refine=refine)
    assert np.isfinite(along).all()


def test_visibility():
    assert visibility(0.03) == pytest.approx(2.996 / 0.03, rel=1e-4)
    assert visibility(0) == math.inf and attenuation(math.inf) == 0
    for metres in (50, 600.0, 1e4):
        assert visibility(attenuation(metres)) == pytest.approx(metres)
    # A black object at that distance before the airlight has a contrast of 5 %.
    out = fog(np.zeros((1, 1)), attenuation(120), np.full((1, 1), 120.0), 1.0, refine=False)
    assert 1 - out[0, 0] == pytest.approx(0.05)
    for bad in (0, -1, math.nan):
        with pytest.raises(ValueError, match='visibility_m must be'):
            attenuation(bad)


@pytest.mark.parametrize(
    ('request_', 'error', 'words'),
    [
        (dict(depth=DEPTH.T), ValueError, r'size of the image, \(31, 44\), got \(44, 31\)'),
        (dict(depth=-DEPTH), ValueError, 'depth must be .*metres.*values down to'),
        (dict(depth=DEPTH * np.nan), ValueError, 'NaN: fill holes first'),
        (dict(depth=np.ones((31, 44), int)), TypeError, 'float metres'),
        (dict(beta=-1), ValueError, 'beta must be a number 0 to 100 per metre'),
        (dict(airlight=1.5), ValueError, 'airlight must be a number 0 to 1, a list .* got 1.5'),
        (dict(airlight=[0.5, 2, 0.5]), ValueError, r'airlight\[1\] must be a number 0 to 1'),
        (dict(airlight=[0.5, 0.5]), ValueError, 'one for each of 3 channels'),
        (dict(airlight='white'), TypeError, r"got 'white' \(str\)"),
        (dict(airlight=[]), TypeError, r'\(list\)'),
        (dict(focal=0), ValueError, "focal must be a number 1 or more pixels or 'ray', got 0"),
        (dict(focal=None), TypeError, 'focal must be'),
        (dict(refine=1), TypeError, 'refine must be True, False or None'),
        (dict(order='gbr'), ValueError, "order must be 'bgr' or 'rgb', got 'gbr'"),
    ],
)
def test_errors(request_, error, words):
    with pytest.raises(error, match=words):
        fog(GREY, **{'beta': 0.01, **request_})
    with pytest.raises(error, match=words):
        degrade(GREY, 'fog', **{'beta': 0.01, **request_})


def test_real_depth(require_data):
    """Fog on a photograph with a depth sensor's map: what is far is nearer to the airlight."""
    from mmdegrade.datasets.transforms import LoadDepth

    folder = require_data('depth_sample/sunrgbd/office_kv2_0000144')
    img = cv2.imread(str(folder / 'image.jpg'))
    depth = LoadDepth(format='sunrgbd')(dict(depth_path=str(folder / 'depth.png')))['depth']
    assert depth.shape == img.shape[:2]
    out, params = degrade(img, 'fog', beta=0.5, depth=depth, return_params=True)
    light = np.array(params['airlight']) * 255
    left = np.linalg.norm(out - light, axis=2) / (np.linalg.norm(img - light, axis=2) + 1e-6)
    assert np.corrcoef(left.ravel(), np.exp(-0.5 * depth).ravel())[0, 1] > 0.8
