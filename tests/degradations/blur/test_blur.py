"""Blurs against scipy.ndimage and a plain double loop."""

import math
import warnings

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations import degrade, gaussian_blur, motion_blur, motion_kernel
from mmdegrade.degradations.blur import gaussian
from mmdegrade.degradations.blur.sparse_filter import _tiles


def picture(shape=(48, 61, 3), seed=0):
    return np.random.default_rng(seed).random(shape)


def mirrored(img, kernel):
    """Plain convolution, channel by channel."""
    planes = img.reshape(*img.shape[:2], -1)
    out = [ndimage.convolve(planes[..., c], kernel, mode='mirror') for c in range(planes.shape[2])]
    return np.stack(out, axis=-1).reshape(img.shape)


def scipy_gauss(img, sigma, kernel_size):
    radius = kernel_size // 2
    return ndimage.gaussian_filter(
        img, (sigma, sigma) + (0,) * (img.ndim - 2), mode='mirror', truncate=(radius + 0.01) / sigma
    )


@pytest.mark.parametrize('sigma', [0.4, 1, 2, 3.3, 5])
@pytest.mark.parametrize('kernel_size', [None, 13])
def test_gaussian_is_scipys(sigma, kernel_size):
    img = picture()
    size = kernel_size or 2 * math.ceil(3 * sigma) + 1
    expected = scipy_gauss(img, sigma, size)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert np.abs(gaussian_blur(img, sigma, kernel_size) - expected).max() < 1e-12
        single = gaussian_blur(img.astype(np.float32), sigma, kernel_size)
        assert np.abs(single - expected).max() < 1e-6
        grey = np.rint(img * 255).astype(np.uint8)
        got = gaussian_blur(grey, sigma, kernel_size)
    difference = got - np.rint(scipy_gauss(grey.astype(float), sigma, size))
    # Rounded once: only ties at .5 may fall to the other side.
    assert np.abs(difference).max() <= 1 and (difference != 0).mean() < 1e-3


def test_gaussian_response_is_the_normalised_bell():
    impulse = np.zeros((41, 41))
    impulse[20, 20] = 1
    out = gaussian_blur(impulse, 2.0)
    assert out.sum() == pytest.approx(1, abs=1e-12)
    assert np.count_nonzero(out) == 13 * 13
    assert out[20, 21] / out[20, 20] == pytest.approx(math.exp(-1 / 8))
    assert out[22, 20] / out[20, 20] == pytest.approx(math.exp(-0.5))


def test_truncated_gaussian_warns_once_per_kernel_size():
    gaussian._warn_truncated.cache_clear()
    img = picture((20, 20))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        gaussian_blur(img, 3, 13)  # reaches exactly 2 sigma
        gaussian_blur(img, 5)
    with pytest.warns(UserWarning, match='kernel_size=13 reaches 2 sigma only up to sigma=3;'):
        gaussian_blur(img, 3.01, 13)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        gaussian_blur(img, 5, 13)


def test_kernel_13_at_sigma_5_is_a_weaker_blur():
    # What a 13-tap preset really does: the standard deviation of its taps is 3.3, not 5.
    def spread(size):
        impulse = np.zeros((1, 65))
        impulse[0, 32] = 1
        taps = gaussian_blur(impulse, 5, size)[0]
        return math.sqrt((taps * (np.arange(65) - 32) ** 2).sum())

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert spread(13) == pytest.approx(3.342, abs=0.01)
        assert spread(31) == pytest.approx(4.950, abs=0.01)


def loop_kernel(length, angle):
    """max(1 - distance to the segment, 0) by a double loop, cut to where it is not 0."""
    half, radius = (length - 1) / 2, int(length) + 2
    end = complex(math.cos(math.radians(angle)), math.sin(math.radians(angle))) * half
    weights = np.zeros((2 * radius + 1, 2 * radius + 1))
    for row in range(2 * radius + 1):
        for column in range(2 * radius + 1):
            point = complex(column - radius, radius - row)  # y upwards: counter-clockwise angles
            share = 0.0
            if half:
                share = ((point * end.conjugate()).real / abs(end) ** 2 + 1) / 2
            nearest = -end + 2 * end * min(max(share, 0), 1)
            weights[row, column] = max(1 - abs(point - nearest), 0)
    weights[weights < 1e-9] = 0
    used = np.argwhere(weights)
    rows, columns = np.abs(used - radius).max(axis=0)
    return weights[radius - rows : radius + rows + 1, radius - columns : radius + columns + 1]


ANGLES = [0, 17, 45, 60, 90, 123.4, 135, 180, -45, 271]


@pytest.mark.parametrize('length', [1, 2, 3, 5, 7.5, 10, 25])
@pytest.mark.parametrize('angle', ANGLES)
def test_motion_kernel_is_the_line_drawn_by_a_loop(length, angle):
    kernel, expected = motion_kernel(length, angle), loop_kernel(length, angle)
    assert kernel.shape == expected.shape
    assert kernel.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(kernel, expected / expected.sum(), atol=1e-9)
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-12)


def test_known_motion_kernels():
    assert np.allclose(motion_kernel(5, 0), np.full((1, 5), 0.2))
    assert np.allclose(motion_kernel(5, 90), np.full((5, 1), 0.2))
    assert np.allclose(motion_kernel(4, 0), [[0.125, 0.25, 0.25, 0.25, 0.125]])
    assert motion_kernel(1, 33).tolist() == [[1]]
    # Length 3 at 45 degrees: the diagonal neighbours lie sqrt(2) - 1 past the ends, the four
    # direct ones sqrt(1/2) from the line.
    end, side = 2 - math.sqrt(2), 1 - math.sqrt(0.5)
    expected = np.array([[0, side, end], [side, 1, side], [end, side, 0]])
    assert np.allclose(motion_kernel(3, 45), expected / expected.sum())
    assert [motion_kernel(n, 45).shape[0] for n in (5, 10, 15, 20, 25)] == [5, 9, 11, 15, 19]


@pytest.mark.parametrize('length', [3, 10, 15, 20, 25, 60])
@pytest.mark.parametrize('angle', [0, 22, 45, 90, 100])
def test_motion_blur_is_scipys_convolution(length, angle):
    img = picture((70, 66, 3))
    kernel = loop_kernel(length, angle)
    kernel /= kernel.sum()
    expected = mirrored(img, kernel)
    assert np.abs(motion_blur(img, length, angle) - expected).max() < 1e-9
    assert np.abs(motion_blur(img.astype(np.float32), length, angle) - expected).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    difference = motion_blur(grey, length, angle) - np.rint(mirrored(grey.astype(float), kernel))
    # Ties are common only where the weights are 1 / even length, along rows and columns.
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < (0.03 if angle in (0, 90) else 1e-3)


@pytest.mark.parametrize('shape', [(1, 1), (1, 40), (40, 1, 1), (7, 5, 6)])
def test_kernels_larger_than_the_image(shape):
    img = picture(shape)
    kernel = motion_kernel(25, 45)
    assert np.abs(motion_blur(img, 25) - mirrored(img, kernel)).max() < 1e-9
    assert np.abs(gaussian_blur(img, 5) - scipy_gauss(img, 5, 31)).max() < 1e-9


@pytest.mark.parametrize('area', [1, 20, 49, 121, 10**6])
@pytest.mark.parametrize('angle', [0, 10, 45, 90])
def test_tiles_put_together_are_the_kernel(area, angle):
    kernel = motion_kernel(40, angle)
    again = np.zeros_like(kernel)
    for top, left, tile in _tiles(kernel, area):
        assert tile.shape[0] == 1 or tile.size <= area
        again[top : top + tile.shape[0], left : left + tile.shape[1]] += tile
    assert np.array_equal(again, kernel)
    assert list(_tiles(np.zeros((3, 3)), area)) == []


def test_zero_strength_copies():
    img = picture()
    for out in (gaussian_blur(img, 0), motion_blur(img, 1)):
        assert np.array_equal(out, img) and not np.shares_memory(out, img)


def test_random_angle_is_drawn_recorded_and_repeatable():
    img = picture()
    angles = []
    for seed in range(200):
        out, params = degrade(img, 'mblur', length=9, angle='random', rng=seed, return_params=True)
        angles.append(params['angle'])
    assert np.array_equal(out, motion_blur(img, 9, params['angle']))
    assert np.array_equal(out, motion_blur(img, 9, 'random', rng=seed))
    assert min(angles) < 10 and max(angles) > 170 and 0 <= min(angles) and max(angles) < 180
    assert np.mean(angles) == pytest.approx(90, abs=4 * 180 / math.sqrt(12 * 200))


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda i: gaussian_blur(i, -1), ValueError, 'sigma must be a number 0 to 100 pixels'),
        (lambda i: gaussian_blur(i, math.nan), ValueError, 'got nan'),
        (lambda i: gaussian_blur(i, '1'), TypeError, r"got '1' \(str\)"),
        (lambda i: gaussian_blur(i, True), TypeError, r'got True \(bool\)'),
        (lambda i: gaussian_blur(i, 1, 12), ValueError, 'kernel_size must be a positive odd'),
        (lambda i: gaussian_blur(i, 1, -3), ValueError, 'kernel_size must be a positive odd'),
        (lambda i: gaussian_blur(i, 1, 13.0), TypeError, 'kernel_size must be a positive odd'),
        (lambda i: motion_blur(i, 0.5), ValueError, 'length must be a number 1 to 200 pixels'),
        (lambda i: motion_blur(i, 5, 400), ValueError, "angle must be .* or 'random', got 400"),
        (lambda i: motion_blur(i, 5, 'randon'), ValueError, "Did you mean 'random'"),
        (lambda i: motion_kernel(5, 'random'), TypeError, 'angle must be a number -360 to 360'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(picture())
