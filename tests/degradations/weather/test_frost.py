"""Frost: the mixture, the panes and how they are chosen."""

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import KINDS, keyed_rng
from mmdegrade.degradations.weather import frost as module
from mmdegrade.degradations.weather.frost import _part, frost
from mmdegrade.degradations.weather.frost_pane import N_PANES, SIDE, pane

LEVELS = [tuple(degree.values()) for degree in KINDS['frost'].degrees]


@pytest.mark.parametrize(
    ('index', 'mean', 'std'), [(0, 131, 19), (1, 207, 22), (2, 152, 28), (3, 123, 42)]
)
def test_panes_are_as_bright_as_the_photographs(index, mean, std):
    whole = pane(index)
    assert whole.shape == (SIDE, SIDE, 3) and whole.dtype == np.uint8
    assert whole is pane(index) and not whole.flags.writeable
    grey = whole.astype(float).mean(axis=2)
    assert grey.mean() == pytest.approx(mean, abs=1.5) and grey.std() == pytest.approx(std, abs=1.5)
    blue, green, red = whole.mean(axis=(0, 1))
    assert blue > green > red
    # Structure of all sizes, not only a cloud: neighbours differ.
    assert np.abs(np.diff(grey, axis=1)).mean() > 2


def test_images_get_random_parts_of_random_panes(monkeypatch):
    # Panes that show the place and number of each pixel.
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    maps = [np.dstack([y, x, np.full_like(x, index)]) for index in range(N_PANES)]
    monkeypatch.setattr(module, 'pane', maps.__getitem__)
    rng, corners, turns, panes = keyed_rng(0), [], [], []
    for _ in range(1500):
        part = _part(30, 20, rng)
        assert part.shape == (30, 20, 3) and part.flags.c_contiguous
        places = part[..., :2]
        down, right = places[1, 0] - places[0, 0], places[0, 1] - places[0, 0]
        # A cut-out: steps of one pixel along the axes of the pane.
        assert np.all(places[1:] - places[:-1] == down)
        assert np.all(places[:, 1:] - places[:, :-1] == right)
        assert np.abs(down).sum() == np.abs(right).sum() == 1 and down @ right == 0
        assert 0 <= places.min() and places.max() < SIDE
        corners.append(places.min(axis=(0, 1)) / (SIDE - np.ptp(places, axis=(0, 1))))
        turns.append((*down, *right))
        panes.append(int(part[0, 0, 2]))
        assert np.all(part[..., 2] == panes[-1])
    kinds, counts = np.unique(turns, axis=0, return_counts=True)
    assert len(kinds) == 8 and stats.chisquare(counts).pvalue > 1e-4
    rates = np.array([1, 2, 1, 1]) / 5
    assert stats.chisquare(np.bincount(panes, minlength=4), rates * 1500).pvalue > 1e-4
    for axis in np.array(corners).T:
        assert stats.kstest(axis, 'uniform').pvalue > 1e-4


@pytest.mark.parametrize('level', LEVELS)
@pytest.mark.parametrize('shape', [(40, 50, 3), (1, 1, 3), (1100, 30, 3)])
def test_formula(level, shape):
    keep, weight = level
    ice = _part(*shape[:2], keyed_rng(3)) / 255
    img = np.random.default_rng(0).random(shape)
    expected = np.clip(keep * img + weight * ice, 0, 1)
    assert np.abs(frost(img, *level, rng=keyed_rng(3)) - expected).max() < 1e-12
    swapped = frost(img[..., ::-1], *level, order='rgb', rng=keyed_rng(3))
    assert np.abs(swapped[..., ::-1] - expected).max() < 1e-12
    single = frost(img.astype(np.float32), *level, rng=keyed_rng(3))
    assert single.dtype == np.float32 and np.abs(single - expected).max() < 1e-6
    grey = np.rint(img * 255).astype(np.uint8)
    exact = np.clip(keep * grey + weight * ice * 255, 0, 255)
    assert np.abs(frost(grey, *level, rng=keyed_rng(3)) - exact).max() < 0.501


@pytest.mark.parametrize('shape', [(40, 50), (40, 50, 1), (40, 50, 6), (1, 4, 4)])
def test_other_channels_get_the_luma(shape):
    img = np.zeros(shape)
    out = frost(img, 1, 1, rng=keyed_rng(4)).reshape(*shape[:2], -1)
    luma = _part(*shape[:2], keyed_rng(4)) @ [0.114, 0.587, 0.299] / 255
    assert np.abs(out - luma[..., None]).max() < 0.51 / 255


def test_large_images_get_an_enlarged_pane():
    part = _part(2048, 300, keyed_rng(5))
    assert part.shape == (2048, 300, 3)

    # 2.2 times as large: neighbours differ less than in the panes themselves.
    def step(x):
        return np.abs(np.diff(x.astype(float), axis=0)).mean() / x.std()

    assert step(part) < 0.75 * min(step(pane(i)) for i in range(N_PANES))


def test_no_frost_changes_nothing():
    img = np.random.default_rng(1).integers(0, 256, (9, 8, 3)).astype(np.uint8)
    out = frost(img, 1, 0, rng=0)
    assert np.array_equal(out, img) and out is not img


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        ((-1, 0), ValueError, 'keep must be a number 0 to 10'),
        ((1, 11), ValueError, 'weight must be a number 0 to 10'),
        ((1, 1, 'grb'), ValueError, "order must be 'bgr' or 'rgb'"),
        ((1, 1, 'bgr', np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(arguments, error, words):
    with pytest.raises(error, match=words):
        frost(np.zeros((4, 4)), *arguments)
