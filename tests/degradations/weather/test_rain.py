"""Rain: drops against integrals over their sizes, the picture against its two formulas."""

import json
import math

import cv2
import numpy as np
import pytest
from scipy import integrate

from mmdegrade.degradations import KINDS, degrade, keyed_rng, resolve_params
from mmdegrade.degradations.weather import rain as module
from mmdegrade.degradations.weather import rain_streaks as streaks
from mmdegrade.degradations.weather.dark_channel import estimate_airlight
from mmdegrade.degradations.weather.depth import metric_depth_ramp
from mmdegrade.degradations.weather.rain import rain

pytestmark = pytest.mark.filterwarnings('ignore:rain. no depth given')
RNG = np.random.default_rng(0)
IMG = RNG.random((31, 44, 3))
GREY = np.rint(IMG * 255).astype(np.uint8)
DEPTH = RNG.uniform(1, 200, (31, 44))
RATES = (50, 150, 250)


def layer(shape=(256, 320), rate=150.0, angle=0.0, focal=400.0, exposure=0.005, seed=0):
    return streaks.streak_layer(shape, rate, angle, focal, exposure, np.random.default_rng(seed))


def test_published_levels():
    assert [d['intensity'] for d in KINDS['rain'].degrees] == [50, 100, 150, 200, 250]
    levels = [resolve_params('rain', d, preset='ubcn')['intensity'] for d in (1, 2, 3)]
    assert levels == [50, 150, 250]


@pytest.mark.parametrize('rate', RATES)
def test_drops_wider_is_the_integral_over_sizes_and_distances(rate):
    focal, width = 563.0, 0.8

    def seen(mm):  # drops of one size: those nearer than z = f D / w, in a pixel's pyramid
        z = focal * mm * 1e-3 / width
        return 8000 * math.exp(-4.1 * rate**-0.21 * mm) * z**3 / (3 * focal**2)

    expected = integrate.quad(seen, 0, 60)[0]
    assert streaks.drops_wider(width, rate, focal) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize('rate', RATES)
def test_drops_agree_with_the_extinction_of_the_veil(rate):
    """Large drops take out of a beam twice what they cover: 0.312 R^0.67 per km follows."""
    size = 4.1 * rate**-0.21
    area = integrate.quad(lambda mm: 8000 * math.exp(-size * mm) * math.pi / 4 * mm**2, 0, 60)[0]
    assert 2 * area * 1e-6 * 1e3 == pytest.approx(0.312 * rate**0.67, rel=0.1)


def test_fall_speed():
    # Gunn and Kinzer's measurements, m/s.
    for mm, speed in ((1, 4.03), (2, 6.49), (3, 8.06), (4, 8.83), (5, 9.09)):
        assert streaks.fall_speed(mm) == pytest.approx(speed, rel=0.03)
    assert streaks.fall_speed(0.01) == 0


@pytest.mark.parametrize('focal', [20.0, 300.0, 563.0, 2253.0])
@pytest.mark.parametrize('rate', RATES)
def test_bands(rate, focal):
    edges = streaks.streak_bands(rate, focal)
    size = focal * 4e-3 / streaks.slope(rate)
    assert np.all(np.diff(edges) > 0)
    assert edges[0] == pytest.approx(max(0.35, size / 10))
    assert edges[-1] == pytest.approx(max(1, size / 0.3))
    assert np.all(edges[1:] / edges[:-1] < 2.4) and (edges[0] > 1 or 1 in edges)


@pytest.mark.parametrize('rate', RATES)
@pytest.mark.parametrize('focal', [200.0, 563.0])
def test_covered_share_is_the_expected_one(rate, focal):
    shape = 200, 240
    edges = streaks.streak_bands(rate, focal)
    density = 3 * streaks.drops_wider(1, rate, focal)  # of widths: density / w^4
    mean = density * math.pi / 4 * (1 / edges[0] - 1 / edges[-1])
    variance = density * (math.pi / 4) ** 2 * (edges[-1] - edges[0]) / (shape[0] * shape[1])
    found = np.mean([layer(shape, rate, 10.0, focal, seed=s).mean() for s in range(8)])
    assert found == pytest.approx(mean, abs=5 * math.sqrt(variance / 8))


def test_layer_is_homogeneous():
    """As many drops at the borders as in the middle."""
    mean = np.mean([layer((96, 96), 250.0, 20.0, 300.0, seed=s) for s in range(150)], axis=0)
    middle = mean[24:-24, 24:-24].mean()
    for strip in (mean[:4], mean[-4:], mean[:, :4], mean[:, -4:]):
        assert strip.mean() == pytest.approx(middle, rel=0.12)


@pytest.mark.parametrize('angle', [-40.0, 0.0, 15.0])
def test_streaks_have_one_direction(angle):
    a = layer(angle=angle, rate=250.0, exposure=0.01)
    power = np.abs(np.fft.fft2(a - a.mean())) ** 2
    peak = np.fft.fftshift(np.fft.ifft2(power).real)[128 - 9 : 128 + 10, 160 - 9 : 160 + 10]
    y, x = np.mgrid[-9:10, -9:10]
    weight = np.where((peak > 0.1 * peak.max()) & (x * x + y * y <= 81), peak, 0)
    # Principal axis of the autocorrelation; to the right and down is positive.
    along = 0.5 * math.atan2(2 * (weight * x * y).sum(), (weight * (x * x - y * y)).sum())
    found = 90 - math.degrees(along) if along > 0 else -90 - math.degrees(along)
    assert found == pytest.approx(angle, abs=2)


def test_exposure_makes_streaks_longer_and_fainter():
    short, long = (layer(exposure=e, rate=100.0, focal=800.0) for e in (0.002, 0.01))
    assert long.max() < 0.6 * short.max()
    assert long.mean() == pytest.approx(short.mean(), rel=0.1)  # as much light in all


def light(x, share, grey):
    return np.sqrt((1 - share) * x**2 + share * grey**2)


@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize('airlight', [0.7, [0.9, 0.7, 0.2]])
def test_formulas(dtype, airlight):
    img = GREY if dtype == np.uint8 else IMG.astype(dtype)
    x = img / 255 if dtype == np.uint8 else img.astype(float)
    f = np.exp(-0.312 * 150**0.67 * DEPTH / 1000)[..., None]
    veiled = x * f + (1 - f) * np.broadcast_to(airlight, 3)
    share = layer((31, 44), 150.0, 12.0, 60.0, 0.003, seed=3)[..., None].astype(float)
    assert share.max() > 0.01
    expected = light(veiled, share, 0.8)
    options = dict(angle=12, focal=60, exposure=3, airlight=airlight, drop_light=0.8)
    out = rain(img, 150, 3, DEPTH, **options)
    assert out.dtype == dtype
    if dtype == np.uint8:
        assert np.abs(out - expected * 255).max() < 0.501
    else:
        assert np.abs(out - expected).max() < (1e-6 if dtype == np.float32 else 1e-12)
    alone = rain(img, 150, 3, DEPTH, veil=False, **options)
    assert np.abs(alone / (255 if dtype == np.uint8 else 1) - light(x, share, 0.8)).max() < 0.002


def test_large_images_are_done_in_strips():
    img = RNG.integers(0, 256, (301, 517, 3), np.uint8)
    depth = RNG.uniform(1, 200, (301, 517)).astype(np.float32)
    options = dict(angle=12.0, focal=500.0, airlight=0.7, drop_light=0.8)
    share = layer((301, 517), 50.0, 12.0, 500.0, seed=1)[..., None]
    f = np.exp(-0.312 * 50**0.67 * depth.astype(float) / 1000)[..., None]
    expected = light(img / 255 * f + (1 - f) * 0.7, share, 0.8) * 255
    assert np.abs(rain(img, 50, 1, depth, **options) - expected).max() < 0.501


def test_values_off_0_1_and_what_is_left_to_the_image():
    img = np.array([[-0.5, 0.0, 1.7]])
    out = rain(img, 50, 0, np.zeros((1, 3)), airlight=1)
    assert np.allclose(out, img, atol=1e-3)  # hardly a drop in three pixels; signs stay
    for x in (GREY, IMG):
        params = degrade(x, 'rain', 2, rng=0, return_params=True)[1]
        assert params['airlight'] == estimate_airlight(x)
        assert params['drop_light'] == pytest.approx(
            math.sqrt((1 + (GREY / 255).mean() ** 2) / 2), abs=1e-3
        )
        assert params['focal'] == pytest.approx(1.1 * 44) and params['veil'] is True
        assert -25 <= params['angle'] <= 25
        assert json.loads(json.dumps(params)) == params
        assert np.array_equal(degrade(x, 'rain', rng=0, **params), degrade(x, 'rain', 2, rng=0))
        assert np.array_equal(rain(x, 100, 0), degrade(x, 'rain', 2, rng=0))
    many = np.repeat(IMG, 2, axis=2)
    assert len(degrade(many, 'rain', 1, rng=0, return_params=True)[1]['airlight']) == 6


def test_without_depth_and_without_rain():
    assert np.array_equal(rain(GREY, 150, 0), rain(GREY, 150, 0, metric_depth_ramp(31, 44)))
    for img in (GREY, IMG):
        out = rain(img, 0, 0)
        assert np.array_equal(out, img) and out is not img
    sky = rain(GREY, 50, 0, np.full((31, 44), np.inf), airlight=0.6, drop_light=0.6)
    assert np.abs(sky - 153.0).max() <= 0.5


def test_angles_are_drawn_evenly_without_moving_the_generator():
    rng = np.random.default_rng(0)
    angles = []
    for _ in range(400):
        state = rng.bit_generator.state
        angles.append(module._draw_angle(rng))
        assert rng.bit_generator.state == state
        rng.random()
    assert -25 <= min(angles) < -23 and 23 < max(angles) <= 25
    assert np.std(angles) == pytest.approx(50 / math.sqrt(12), rel=0.1)


def test_same_drops_whatever_the_threads_and_the_dtype():
    img = RNG.integers(0, 256, (200, 300, 3), np.uint8)
    threads = cv2.getNumThreads()
    try:
        out = []
        for count in (1, 4):
            cv2.setNumThreads(count)
            out.append(degrade(img, 'rain', 4, rng=keyed_rng('a')))
    finally:
        cv2.setNumThreads(threads)
    assert np.array_equal(*out)
    real = degrade(img / 255, 'rain', 4, rng=keyed_rng('a')) * 255
    assert np.abs(out[0] - real).max() < 0.501


def test_drops_brighten_dark_ground_more_than_bright():
    added = [
        rain(np.full((128, 128, 3), v), 150, 0, veil=False, drop_light=0.8).mean() - v
        for v in (0.05, 0.4, 0.8)
    ]
    assert added[0] > 2 * added[1] > 0 and added[2] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    'options',
    [dict(intensity=0.001), dict(intensity=500), dict(focal=1), dict(focal=1e6),
     dict(exposure=0.01), dict(exposure=50), dict(angle=60), dict(angle=-60)],
)  # fmt: skip
def test_extremes(options):
    out = rain(GREY, **{'intensity': 50, 'rng': 0, **options})
    assert out.shape == GREY.shape and out.dtype == np.uint8


@pytest.mark.parametrize(
    ('request_', 'error', 'words'),
    [
        (dict(depth=DEPTH.T), ValueError, r'size of the image, \(31, 44\), got \(44, 31\)'),
        (dict(depth=-DEPTH), ValueError, 'depth must be .*metres.*values down to'),
        (dict(intensity=-1), ValueError, 'intensity must be a number 0 to 500 mm/hr'),
        (dict(angle=61), ValueError, "angle must be a number -60 to 60 degrees or 'random'"),
        (dict(angle='any'), ValueError, "'random', got 'any'"),
        (dict(exposure=0), ValueError, 'exposure must be a number 0.01 to 50 ms'),
        (dict(airlight=[1]), ValueError, 'one for each of 3 channels'),
        (dict(drop_light=2), ValueError, 'drop_light must be a number 0 to 1'),
        (dict(veil=0), TypeError, 'veil must be True, False or None'),
        (dict(rng=np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(request_, error, words):
    with pytest.raises(error, match=words):
        rain(GREY, **{'intensity': 50, 'rng': 0, **request_})
    with pytest.raises(error, match=words):
        degrade(GREY, 'rain', **{'intensity': 50, 'rng': 0, **request_})
