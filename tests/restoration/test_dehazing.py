"""What the dehazers share."""

import numpy as np
import pytest

from mmdegrade.degradations.weather.guided_filter import guided_filter
from mmdegrade.restoration.dehazing import align, brightest_of_hazy, clear, light_of, to_unit

RNG = np.random.default_rng(0)
IMG = RNG.random((40, 50, 3))


def test_to_unit():
    eight = np.rint(IMG * 255).astype(np.uint8)
    assert np.allclose(to_unit(eight), eight / 255, atol=1e-7)
    assert to_unit(eight).dtype == np.float32 and to_unit(IMG).dtype == np.float64
    assert to_unit(IMG[..., 0]).shape == (40, 50, 1)
    outside = to_unit(IMG * 3 - 1)
    assert outside.min() == 0 and outside.max() == 1
    assert IMG.max() < 1  # not written to


def test_airlight_is_the_brightest_of_the_most_hazy():
    haziness = RNG.random((40, 50))
    most = np.argsort(haziness.ravel())[-2:]  # 0.1 % of 2000
    pixels = IMG.reshape(-1, 3)
    brighter = most[np.argmax(pixels[most].mean(axis=1))]
    assert brightest_of_hazy(IMG, haziness) == pixels[brighter].tolist()
    # A pixel that is brighter, but less hazy, does not count; equally hazy ones all do.
    haziness[:] = 0
    haziness[3, 4] = haziness[7, 8] = haziness[9, 9] = 1
    candidates = IMG[[3, 7, 9], [4, 8, 9]]
    expected = candidates[np.argmax(candidates.mean(axis=1))]
    assert brightest_of_hazy(IMG, haziness) == expected.tolist()
    assert brightest_of_hazy(IMG[:1, :1], np.zeros((1, 1))) == IMG[0, 0].tolist()


def test_light_of():
    hazy = np.zeros((40, 50))
    assert light_of(0.5, IMG, None).tolist() == [0.5] * 3
    assert light_of([0.5, 0, 1], IMG, None).tolist() == [0.5, 1 / 255, 1]  # can be divided by
    assert light_of(None, IMG, hazy).tolist() == brightest_of_hazy(IMG, hazy)
    with pytest.raises(ValueError, match='airlight must be one number or one for each of 3'):
        light_of([0.5, 0.5], IMG, None)


def test_clear_undoes_the_scattering_model():
    t = RNG.uniform(0.2, 1, (40, 50))
    light = np.array([0.9, 0.8, 0.7])
    hazy = IMG * t[..., None] + (1 - t[..., None]) * light
    assert np.abs(clear(hazy.copy(), t, light, IMG) - IMG).max() < 1e-12
    eight = np.rint(hazy * 255).astype(np.uint8)
    out = clear(eight / 255, t, light, eight)
    assert out.dtype == np.uint8
    expected = np.clip(np.rint((eight - 255 * light) / t[..., None] + 255 * light), 0, 255)
    assert np.abs(out - expected).max() <= 1 and (out != expected).mean() < 0.01
    half = np.full((40, 50), 0.5)
    assert clear(IMG.copy(), half, light, IMG).min() == 0  # cut off, not negative


def test_align():
    plane = RNG.random((40, 50))
    assert align(plane, IMG, 0, 1e-3) is plane
    assert np.array_equal(align(plane, IMG, 5, 1e-3), guided_filter(IMG, plane, 5, 1e-3))
    six = np.concatenate([IMG, IMG[..., ::-1]], axis=2)
    by_mean = guided_filter(six.mean(axis=2), plane, 5, 1e-3)
    assert np.array_equal(align(plane, six, 5, 1e-3), by_mean)
    large = RNG.random((130, 140, 3))
    plane = np.linspace(0, 1, 130 * 140).reshape(130, 140)
    fast, exact = align(plane, large, 20, 1e-3), guided_filter(large, plane, 20, 1e-3)
    assert 0 < np.abs(fast - exact).max() < 0.05
