"""The guided filter against its definition, window by window."""

import numpy as np
import pytest

from mmdegrade.degradations.weather.guided_filter import guided_filter

RNG = np.random.default_rng(0)


def by_windows(guide, src, radius, eps):
    """Ridge regression in every window, solved as a linear system; then the mean over windows."""
    guide = guide.reshape(*src.shape, -1)
    height, width, channels = guide.shape

    def window(y, x):
        return (
            slice(max(y - radius, 0), y + radius + 1),
            slice(max(x - radius, 0), x + radius + 1),
        )

    a, b = np.empty(guide.shape), np.empty(src.shape)
    for y in range(height):
        for x in range(width):
            g, p = guide[window(y, x)].reshape(-1, channels), src[window(y, x)].ravel()
            centred = g - g.mean(0)
            matrix = centred.T @ centred / len(g) + eps * np.eye(channels)
            a[y, x] = np.linalg.solve(matrix, centred.T @ (p - p.mean()) / len(g))
            b[y, x] = p.mean() - a[y, x] @ g.mean(0)
    out = np.empty(src.shape)
    for y in range(height):
        for x in range(width):
            mean_a = a[window(y, x)].reshape(-1, channels).mean(0)
            out[y, x] = mean_a @ guide[y, x] + b[window(y, x)].mean()
    return out


@pytest.mark.parametrize('shape', [(14, 11), (14, 11, 3), (1, 9), (7, 1, 3), (1, 1, 3), (2, 2)])
@pytest.mark.parametrize('radius', [1, 3, 20])
def test_definition(shape, radius):
    guide, src = RNG.random(shape), RNG.random(shape[:2])
    expected = by_windows(guide, src, radius, 1e-2)
    assert np.abs(guided_filter(guide, src, radius, 1e-2) - expected).max() < 1e-10
    out = guided_filter(guide.astype(np.float32), src.astype(np.float32), radius, 1e-2)
    assert out.dtype == np.float32 and np.abs(out - expected).max() < 1e-4


def test_uint8_guide_is_the_same_on_0_1():
    for shape in ((40, 30), (40, 30, 3)):
        guide, src = RNG.integers(0, 256, shape, np.uint8), RNG.random((40, 30))
        for step in (1, 4):
            a = guided_filter(guide, src, 4, 1e-3, subsample=step)
            assert np.allclose(a, guided_filter(guide / 255, src, 4, 1e-3, subsample=step))


def scene(height=200, width=243):
    """Blocks with noise as the guide, and a map whose edges are those of the blocks."""
    labels = RNG.integers(0, 5, (height // 40 + 1, width // 40 + 1)).repeat(40, 0).repeat(40, 1)
    labels = labels[:height, :width]
    colours = RNG.random((5, 3))
    noise = 0.02 * RNG.standard_normal((height, width, 3))
    return (colours[labels] + noise).astype(np.float32), (labels / 4).astype(np.float32)


@pytest.mark.parametrize('colour', [True, False])
def test_subsampling_stays_near_the_exact_filter(colour):
    guide, src = scene()
    guide = guide if colour else guide.mean(2)
    exact = guided_filter(guide, src, 20, 1e-3)
    fast = guided_filter(guide, src, 20, 1e-3, subsample=4)
    assert fast.shape == src.shape and fast.dtype == np.float32
    assert np.abs(fast - exact).mean() < 0.1 * src.std()
    assert np.corrcoef(fast.ravel(), exact.ravel())[0, 1] > 0.97


def test_edges_of_the_guide_come_back():
    step = np.repeat(np.arange(80) >= 40, 60).reshape(80, 60).astype(float)
    guide = np.stack([0.2 + 0.5 * step, 0.6 - 0.3 * step, 0.1 + 0 * step], axis=2)
    ramp = np.clip((np.arange(80) - 30) / 20, 0, 1)[:, None].repeat(60, 1)  # the edge, blurred
    out = guided_filter(guide, ramp, 20, 1e-3)
    assert np.abs(ramp - step).max() > 0.45
    assert out[39].max() < 0.2 and out[40].min() > 0.8


def test_constants_and_inputs():
    guide = RNG.random((20, 30, 3))
    kept = guide.copy()
    assert np.allclose(guided_filter(guide, np.full((20, 30), 0.3), 5, 1e-3), 0.3)
    assert np.array_equal(guide, kept)
    assert np.allclose(guided_filter(np.full((20, 30), 0.7), np.ones((20, 30)), 5, 1e-3), 1)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ((np.zeros((4, 4, 2)), np.zeros((4, 4)), 1, 1), r'\(H, W, 3\).*\(4, 4, 2\)'),
        ((np.zeros((4, 5)), np.zeros((4, 4)), 1, 1), r'\(4, 5\).*\(4, 4\)'),
        ((np.zeros((4, 4)), np.zeros((4, 4), np.float32), 1, 1), 'float64 and, .* float32'),
        ((np.zeros((4, 4)), np.zeros((4, 4)), 0, 1), 'radius'),
        ((np.zeros((4, 4)), np.zeros((4, 4)), 1, 0), 'eps above 0'),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        guided_filter(*arguments)
