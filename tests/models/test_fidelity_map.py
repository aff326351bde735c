"""Fidelity maps and the constants of Appendix B, against NumPy and against samples of the law."""

import math

import numpy as np
import pytest
import torch

from mmdegrade.models.fidelity import FidelityMap, cosine_map, l1_map, l2_map, map_statistics


def images(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((2, 3, 5, 7)), rng.random((2, 3, 5, 7))


def test_published_constants():
    # As printed in the code of FG-NIC, for levels 0.1 to 0.5.
    assert map_statistics('l1') == pytest.approx((0.069736, 0.052686), abs=5e-7)
    assert map_statistics('l2') == pytest.approx((0.0076389, 0.010803), abs=5e-7)


@pytest.mark.parametrize('levels', [(0.1,), (0.1, 0.2, 0.3, 0.4, 0.5), (0.05, 0.3)])
def test_constants_are_the_moments_of_a_normal_error(levels):
    variance = sum(s * s for s in levels) / (len(levels) + 1) ** 2 / 2
    error = np.random.default_rng(0).normal(0, math.sqrt(variance), 400_000)
    for measure, values in (('l1', np.abs(error)), ('l2', error**2)):
        mean, std = map_statistics(measure, levels)
        assert mean == pytest.approx(values.mean(), rel=0.02)
        assert std == pytest.approx(values.std(), rel=0.02)


@pytest.mark.parametrize('measure', ['l1', 'l2', 'cosine'])
def test_maps_against_numpy(measure):
    restored, clean = images()
    expected = dict(
        l1=np.abs(restored - clean),
        l2=(restored - clean) ** 2,
        cosine=(
            (restored * clean).sum(1) / np.sqrt((restored**2).sum(1)) / np.sqrt((clean**2).sum(1))
        )[:, None],
    )[measure]
    one = FidelityMap(measure)
    found = one.of(torch.from_numpy(restored), torch.from_numpy(clean))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    normalised = expected
    if measure != 'cosine':
        mean, std = map_statistics(measure)
        normalised = (1 - (expected - mean) / std).mean(1, keepdims=True)
    assert one(found).shape == (2, 1, 5, 7)
    np.testing.assert_allclose(one(found).numpy(), normalised, rtol=1e-12, atol=1e-12)


def test_fidelity_falls_with_the_error():
    clean = torch.full((1, 3, 4, 4), 0.5)
    one = FidelityMap()
    values = [float(one(one.of(clean + e, clean)).mean()) for e in (0.0, 0.05, 0.1, 0.4)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(1 + 0.069736 / 0.052686, abs=1e-4)


def test_black_pixels_have_cosine_zero():
    assert float(cosine_map(torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1))) == 0


@pytest.mark.parametrize('function', [l1_map, l2_map, cosine_map])
def test_gradients(function):
    pair = [torch.from_numpy(one[:1, :, :2, :2]).requires_grad_() for one in images(1)]
    assert torch.autograd.gradcheck(function, pair)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(measure='l3'), r"measure='l3'; allowed: \['l1', 'l2', 'cosine'\]"),
        (dict(levels=()), 'levels'),
        (dict(levels=(0.1, 25)), 'levels'),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        FidelityMap(**arguments)


def test_images_of_two_sizes():
    with pytest.raises(ValueError, match='keep the size'):
        FidelityMap().of(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))
