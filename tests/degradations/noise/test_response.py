"""The sRGB curve against the standard and OpenCV's colours."""

import cv2
import numpy as np
import pytest

from mmdegrade.degradations.noise.response import from_linear, from_linear_uint8, to_linear


def test_curve():
    assert to_linear(np.array([0, 0.04045, 0.5, 1])) == pytest.approx(
        [0, 0.0031308, 0.21404114, 1], abs=1e-6
    )
    x = np.linspace(0, 1, 1001)
    # Lightness of a picture by OpenCV, and of our light taken as linear already.
    grey = np.repeat(x[:, None, None], 3, axis=2).astype(np.float32)
    of_picture = cv2.cvtColor(grey, cv2.COLOR_BGR2LAB)[..., 0]
    of_light = cv2.cvtColor(to_linear(grey), cv2.COLOR_LBGR2LAB)[..., 0]
    assert np.abs(of_picture - of_light).max() < 0.3  # of 100; their tables
    assert np.allclose(from_linear(to_linear(x)), x, atol=1e-6)
    assert np.allclose(from_linear(to_linear(x * 8)), x * 8)
    assert to_linear(np.array(-2.0)) == 0 and from_linear(np.array(-2.0)) == 0
    assert to_linear(x.astype(np.float32)).dtype == np.float32


def test_uint8_is_the_rounded_curve():
    light = np.random.default_rng(0).random(400_000).astype(np.float32) ** 3
    exact = 255 * from_linear(light.astype(np.float64))
    got = from_linear_uint8(light.copy())
    assert got.dtype == np.uint8
    assert np.abs(got - exact).max() < 0.501
    grey = np.arange(256)
    assert np.array_equal(from_linear_uint8(to_linear(grey / 255).astype(np.float32)), grey)
