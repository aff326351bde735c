"""Pixelation against its definition and Pillow."""

import numpy as np
import pytest
from PIL import Image

from mmdegrade.degradations.digital.pixelate import pixelate

SCALES = [0.6, 0.5, 0.4, 0.3, 0.25]


def by_definition(img, scale):
    """Each pixel gets the mean of the pixels whose centres lie in its cell, in plain loops."""

    def members(size):
        n = max(1, int(size * scale))
        cells = [[] for _ in range(n)]
        for x in range(size):
            # Centre (2 x + 1) / 2 in cell j: j size / n < centre <= (j + 1) size / n.
            cells[-(-(2 * x + 1) * n // (2 * size)) - 1].append(x)
        return cells

    out = np.empty(img.shape)
    for rows in members(img.shape[0]):
        for columns in members(img.shape[1]):
            cell = np.ix_(rows, columns)
            out[cell] = img[cell].mean(axis=(0, 1))
    return out


@pytest.mark.parametrize('scale', [*SCALES, 0.77, 0.01])
@pytest.mark.parametrize('shape', [(23, 31, 3), (20, 50), (1, 1), (3, 2, 6), (1, 9, 1), (64, 1, 4)])
def test_is_the_mean_of_cells(scale, shape):
    img = np.random.default_rng(0).random(shape)
    expected = by_definition(img, scale)
    assert np.abs(pixelate(img, scale) - expected).max() < 1e-12
    assert np.abs(pixelate(img.astype(np.float32), scale) - expected).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    assert np.array_equal(pixelate(grey, scale), np.rint(by_definition(grey, scale)))


@pytest.mark.parametrize('scale', SCALES)
def test_is_pillows_up_to_its_second_rounding(scale):
    for shape in ((512, 384, 3), (224, 224, 3), (96, 128, 3)):  # no centre between two cells
        img = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
        small = (int(shape[1] * scale), int(shape[0] * scale))
        theirs = Image.fromarray(img).resize(small, Image.BOX)
        theirs = np.asarray(theirs.resize(shape[1::-1], Image.NEAREST)).astype(int)
        assert np.abs(pixelate(img, scale) - theirs).max() <= 1


def test_whole_scales_are_blocks():
    img = np.random.default_rng(2).random((40, 60, 3))
    blocks = img.reshape(10, 4, 15, 4, 3).mean(axis=(1, 3))
    assert np.allclose(pixelate(img, 0.25), blocks.repeat(4, 0).repeat(4, 1))


def test_scale_1_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    out = pixelate(img, 1)
    assert np.array_equal(out, img) and out is not img


def test_large_sums_do_not_overflow():
    assert np.all(pixelate(np.full((3000, 3000), 255, np.uint8), 0.3) == 255)


@pytest.mark.parametrize('scale', [0, -1, 1.01, float('nan')])
def test_errors(scale):
    with pytest.raises(ValueError, match='scale must be a number 0.001 to 1'):
        pixelate(np.zeros((4, 4)), scale)
