"""Glass blur against the published loop."""

import numpy as np
import pytest
from scipy import ndimage, stats

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.blur.glass import _draw, glass_blur, scatter


def loop(height, width, max_delta, rng):
    """The published loop on a picture of its own indices, with the offsets of `scatter`."""
    picture = np.arange(height * width).reshape(height, width)
    rows, columns = height - 2 * max_delta, width - 2 * max_delta
    if rows <= 0 or columns <= 0:
        return picture.ravel()
    side = 2 * max_delta
    drawn = _draw(np.arange(side * side, dtype=np.int32), rows * columns, rng)
    drawn = drawn.reshape(rows, columns)
    for h in range(height - max_delta, max_delta, -1):
        for w in range(width - max_delta, max_delta, -1):
            dy, dx = divmod(int(drawn[h - max_delta - 1, w - max_delta - 1]), side)
            picture[h, w] = picture[h + dy - max_delta, w + dx - max_delta]
    return picture.ravel()


@pytest.mark.parametrize('max_delta', [1, 2, 3, 4, 9])
@pytest.mark.parametrize('shape', [(40, 53), (19, 20), (9, 9), (3, 50), (8, 8), (1, 1)])
def test_scatter_is_the_loop(max_delta, shape):
    got = scatter(*shape, max_delta, keyed_rng(3))
    assert np.array_equal(got, loop(*shape, max_delta, keyed_rng(3)))


def test_the_published_swap_copies():
    # Why `loop` above assigns once: rows of a NumPy image are views.
    x = np.array([[[1, 1, 1], [2, 2, 2]]])
    x[0, 0], x[0, 1] = x[0, 1], x[0, 0]
    assert x.tolist() == [[[2, 2, 2], [2, 2, 2]]]


@pytest.mark.parametrize('n', [4, 16, 36, 64, 100, 256, 324])
def test_offsets_are_equally_likely(n):
    counts = np.bincount(_draw(np.arange(n, dtype=np.int32), 400_001, keyed_rng(n)), minlength=n)
    assert len(counts) == n and counts.sum() == 400_001
    assert stats.chisquare(counts).pvalue > 1e-4


def test_displacements():
    # One iteration with offsets -1 and 0: each with probability 1/4, frame untouched.
    y, x = np.divmod(scatter(300, 301, 1, keyed_rng(0)), 301)
    own_y, own_x = np.mgrid[0:300, 0:301]
    dy, dx = y.reshape(300, 301) - own_y, x.reshape(300, 301) - own_x
    inner = np.s_[2:300, 2:301]
    pairs = 2 * -dy[inner] + -dx[inner]
    assert stats.chisquare(np.bincount(pairs.ravel(), minlength=4)).pvalue > 1e-4
    for edge in (np.s_[:2], np.s_[:, :2]):
        assert not dy[edge].any() and not dx[edge].any()
    # With larger offsets chains lead on, upwards too, but rarely far.
    y, x = np.divmod(scatter(300, 301, 4, keyed_rng(0)), 301)
    dy = y.reshape(300, 301) - own_y
    assert dy.min() == -4 and 4 < dy.max() < 60
    assert (np.abs(dy) > 4).mean() < 0.1
    # Each link of a chain adds -1/2 on average; one follows if its offset leads on in raster order.
    dx = x.reshape(300, 301) - own_x
    follows = 3 / 8 + 1 / 8 * 3 / 8
    for d in (dy, dx):
        assert d[8:-8, 8:-8].mean() == pytest.approx(-0.5 / (1 - follows), abs=0.05)


@pytest.mark.parametrize('shape', [(30, 41, 3), (25, 20), (22, 23, 6)])
def test_blur_scatter_blur(shape):
    img = np.random.default_rng(0).random(shape)
    sigmas = (1.1, 1.1) + (0,) * (len(shape) - 2)
    expected = ndimage.gaussian_filter(img, sigmas, mode='mirror', truncate=4)
    flat = expected.reshape(shape[0] * shape[1], -1)
    rng = keyed_rng(1)
    for _ in range(2):
        flat = flat[loop(*shape[:2], 3, rng)]
    expected = ndimage.gaussian_filter(flat.reshape(shape), sigmas, mode='mirror', truncate=4)
    out = glass_blur(img, 1.1, 3, 2, keyed_rng(1))
    assert np.abs(out - expected).max() < 1e-12
    grey = np.rint(img * 255).astype(np.uint8)
    difference = glass_blur(grey, 1.1, 3, 2, 5) - 255 * glass_blur(grey / 255, 1.1, 3, 2, 5)
    assert np.abs(difference).max() < 0.501


def test_nothing_to_do_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (20, 21, 3)).astype(np.uint8)
    for max_delta, iterations in ((0, 3), (2, 0), (0, 0)):
        out = glass_blur(img, 0, max_delta, iterations, 0)
        assert np.array_equal(out, img) and out is not img
    assert not np.array_equal(glass_blur(img, 0, 1, 1, 0), img)
    flat = np.full((20, 20), 9, np.uint8)
    assert np.array_equal(glass_blur(flat, 1.5, 4, 2, 0), flat)


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        ((-1, 1, 1), ValueError, 'sigma must be a number 0 to 20 pixels'),
        ((1, 51, 1), ValueError, 'max_delta must be an integer 0 to 50'),
        ((1, 1.5, 1), TypeError, 'max_delta must be an integer'),
        ((1, 1, 21), ValueError, 'iterations must be an integer 0 to 20'),
        ((1, 1, 1, np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        glass_blur(np.zeros((4, 4)), *arguments)
