"""Salt-and-pepper noise against the rates it is meant to have."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import keyed_rng, salt_and_pepper

GREY = np.full((300, 300, 3), 128, np.uint8)


@pytest.mark.parametrize('amount', [0.0, 0.02, 0.1, 0.5, 1.0])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_salt_and_pepper_rates(amount, dtype):
    img = GREY if dtype == np.uint8 else (GREY / 255).astype(dtype)
    out = salt_and_pepper(img, amount, keyed_rng(5))
    top = 255 if dtype == np.uint8 else 1
    assert out.dtype == dtype
    assert np.all((out == img) | (out == 0) | (out == top))
    for value in (0, top):
        bound = stats.binom.interval(1 - 1e-6, img.size, amount / 2)
        assert bound[0] <= (out == value).sum() <= bound[1]
    same = salt_and_pepper(GREY, amount, keyed_rng(5))
    assert np.array_equal(same != 128, out != img)  # the same places in every dtype


def test_salt_and_pepper_on_black_and_white():
    assert salt_and_pepper(np.zeros((99, 99), np.uint8), 0.2, 0).mean() / 255 == pytest.approx(
        0.1, abs=0.02
    )
    assert salt_and_pepper(np.full((99, 99), 255, np.uint8), 0.2, 0).mean() / 255 == pytest.approx(
        0.9, abs=0.02
    )
    far = salt_and_pepper(np.full((99, 99), 1.7, np.float32), 0.5, 0)
    assert set(np.unique(far)) == {np.float32(0), np.float32(1), np.float32(1.7)}


def test_channels_are_hit_by_themselves():
    hit = salt_and_pepper(GREY, 0.1, keyed_rng(4)).reshape(-1, 3) != 128
    assert hit.all(axis=1).mean() == pytest.approx(0.001, abs=5 * math.sqrt(0.001 / len(hit)))


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda: salt_and_pepper(GREY, 1.1, 0), ValueError, 'amount must be a number 0 to 1'),
        (lambda: salt_and_pepper(GREY, -0.1, 0), ValueError, 'amount must be'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
