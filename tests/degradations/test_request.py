"""Requests with levels drawn for each image."""

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import Request, keyed_rng


def draws(request, n=2000):
    return [request.draw(keyed_rng('request', i)) for i in range(n)]


def test_what_is_fixed_is_handed_on_and_draws_nothing():
    rng = keyed_rng(0)
    assert Request('gblur', 5, params=dict(kernel_size=13)).draw(rng) == (5, {'kernel_size': 13})
    assert rng.random() == keyed_rng(0).random()


def test_a_range_is_uniform():
    sigmas = [
        params['sigma']
        for _, params in draws(Request('awgn', params=dict(sigma=dict(low=0, high=75))))
    ]
    assert stats.kstest(sigmas, stats.uniform(0, 75).cdf).pvalue > 0.01
    assert all(type(sigma) is float for sigma in sigmas)


def test_a_list_of_degrees_is_drawn_evenly():
    degrees = [degree for degree, _ in draws(Request('gblur', [1, 3, 5]))]
    counts = [degrees.count(degree) for degree in (1, 3, 5)]
    assert sum(counts) == 2000 and stats.chisquare(counts).pvalue > 0.01


def test_the_kind_behind_a_preset():
    assert Request('gaussian_noise', 3, 'imagenet-c').degradation.name == 'awgn'
    assert Request('gblur', 3).degradation.name == 'gblur'


@pytest.mark.parametrize(
    ('request_', 'error', 'words'),
    [
        (dict(kind='gblur', degree=[]), ValueError, r'degree=\[\] leaves nothing'),
        (dict(kind='gblur', degree=[1, 6]), ValueError, 'degree must be 1-5 .* got 6'),
        (dict(kind='awgn', params=dict(sigma=dict(low=0, high=300))), ValueError, '0 to 255'),
        (dict(kind='awgn', params=dict(sigma=dict(low=-1, high=3))), ValueError, '0 to 255'),
        (dict(kind='awgn', params=dict(sigma=dict(low=5, high=3))), ValueError, 'not a range'),
        (dict(kind='awgn', params=dict(sigma=dict(low=5))), ValueError, 'not a range; allow'),
        (dict(kind='awgn', params=dict(sigma=dict(low='a', high='b'))), ValueError, 'not a range'),
        (dict(kind='awgn', degree=5, preset='sdabn'), ValueError, 'degree must be .* 1 to 4'),
        (dict(kind='gblur', degree=1, preset='sdabn'), ValueError, "has no 'gblur'.*It has: awgn"),
        (dict(kind='awgn', degree=1, preset='sdabm'), ValueError, "Did you mean 'sdabn'"),
    ],
)  # fmt: skip
def test_errors(request_, error, words):
    with pytest.raises(error, match=words):
        Request(**request_)


def test_numpy_ranges_count_as_numbers():
    request = Request('awgn', params=dict(sigma=dict(low=np.float64(1), high=np.float64(1))))
    assert request.draw(keyed_rng(0)) == (None, {'sigma': 1.0})
