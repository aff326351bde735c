"""Spatial and channel calibration and the ensemble, against NumPy, SciPy and OpenCV."""

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import correlate

from mmdegrade.models.fidelity import ChannelCalibration, FidelityEnsemble, SpatialCalibration
from mmdegrade.models.fidelity.channel import flattened_maps
from mmdegrade.models.fidelity.ensemble import mix

CV = dict(bilinear=cv2.INTER_LINEAR, bicubic=cv2.INTER_CUBIC, nearest=cv2.INTER_NEAREST)


def count(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def array(tensor) -> np.ndarray:
    return tensor.detach().numpy()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def random_(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def conv(values: np.ndarray, layer) -> np.ndarray:
    """3×3 with reflected borders: C×H×W → D×H×W."""
    weight, bias = array(layer.weight), array(layer.bias)
    return np.stack(
        [
            sum(correlate(values[c], weight[d, c], mode='mirror') for c in range(len(values)))
            + bias[d]
            for d in range(len(weight))
        ]
    )


def branch(values: np.ndarray, layers) -> np.ndarray:
    return conv(np.maximum(conv(values[None], layers.first), 0), layers.last)[0]


def resized(values: np.ndarray, size, interpolation: str) -> np.ndarray:
    return cv2.resize(values, size[::-1], interpolation=CV[interpolation])


SIZES = [(8, 12), (5, 9), (3, 4)]


@pytest.mark.parametrize('interpolation', CV)
@pytest.mark.parametrize('residual', [True, False])
def test_spatial_calibration_site_by_site(interpolation, residual):
    torch.manual_seed(0)
    model = SpatialCalibration(3, residual=residual, interpolation=interpolation).double()
    fidelity = random_(2, 1, 8, 12)
    state, w, b = None, array(fidelity)[:, 0], array(fidelity)[:, 0]
    for site, size in enumerate(SIZES):
        x = random_(2, 4, *size, seed=site)
        found, state = model(x, fidelity, site, state)
        add = residual and site > 0
        w = [branch(one, model.weights[site]) + (one if add else 0) for one in w]
        b = [branch(one, model.biases[site]) + (one if add else 0) for one in b]
        w = np.stack([resized(one, size, interpolation) for one in w])
        b = np.stack([resized(one, size, interpolation) for one in b])
        expected = 2 * sigmoid(w)[:, None] * array(x) + b[:, None]
        np.testing.assert_allclose(array(found), expected, rtol=1e-5, atol=1e-6)


def test_ablations_of_the_spatial_branches():
    fidelity, x = random_(1, 1, 6, 6), random_(1, 2, 6, 6)
    torch.manual_seed(0)
    both = SpatialCalibration(1).double()
    multiplied = SpatialCalibration(1, add=False).double()
    added = SpatialCalibration(1, multiply=False).double()
    multiplied.weights.load_state_dict(both.weights.state_dict())
    added.biases.load_state_dict(both.biases.state_dict())
    one, two, three = (model(x, fidelity, 0)[0] for model in (both, multiplied, added))
    torch.testing.assert_close(one, two + three - x)
    assert count(multiplied) == count(added) == count(both) / 2 == 305


def test_narrow_maps_are_reflected_as_if_repeated():
    torch.manual_seed(0)
    model = SpatialCalibration(1).double()
    fidelity = random_(1, 1, 1, 5)
    wide = fidelity.expand(-1, -1, 4, -1).contiguous()
    x = random_(1, 1, 1, 5)
    found, _ = model(x, fidelity, 0)
    expected, _ = model(x.expand(-1, -1, 4, -1), wide, 0)
    torch.testing.assert_close(found, expected[:, :, :1])


@pytest.mark.parametrize('interpolation', CV)
def test_v_is_both_readings_of_the_map(interpolation):
    fidelity = random_(2, 1, 4, 6)
    found = array(flattened_maps(fidelity, 10, interpolation))
    for sample, values in zip(found, array(fidelity)[:, 0], strict=True):
        for half, line in ((sample[:5], values.ravel()), (sample[5:], values.T.ravel())):
            np.testing.assert_allclose(
                half, resized(line[None], (1, 5), interpolation)[0], atol=1e-6
            )


def fully(x: np.ndarray, layers) -> np.ndarray:
    first, _, last = layers
    hidden = np.maximum(x @ array(first.weight).T + array(first.bias), 0)
    return hidden @ array(last.weight).T + array(last.bias)


@pytest.mark.parametrize(
    'switches',
    [{}, dict(multiply=False), dict(concatenate=False), dict(residual=True)],
    ids=lambda switches: '-'.join(switches) or 'published',
)
def test_channel_calibration_of_vectors_and_maps(switches):
    torch.manual_seed(0)
    model = ChannelCalibration(6, **switches).double()
    fidelity, maps = random_(2, 1, 4, 6), random_(2, 6, 3, 2)
    v = array(flattened_maps(fidelity, 6))
    dense = array(model(maps, fidelity))
    for y in range(3):
        for x in range(2):
            vector = array(maps)[:, :, y, x]
            found = array(model(maps[:, :, y, x], fidelity))
            if switches.get('multiply', True):
                vector = vector * 2 * sigmoid(fully(v, model.multiplication))
            if switches.get('concatenate', True):
                mixed = fully(np.concatenate([vector, v], 1), model.concatenation)
                vector = vector + mixed if switches.get('residual') else mixed
            np.testing.assert_allclose(found, vector, rtol=1e-9)
            np.testing.assert_allclose(dense[:, :, y, x], vector, rtol=1e-9)


def test_identity_start():
    fidelity, x = random_(1, 1, 6, 6), random_(1, 4, 3, 3)
    channel = ChannelCalibration(4, residual=True, identity_start=True).double()
    assert torch.equal(channel(x, fidelity), x)
    spatial = SpatialCalibration(2, identity_start=True).double()
    found, state = spatial(x, fidelity, 0)
    assert torch.equal(spatial(found, fidelity, 1, state)[0], x)


def test_ensemble_mixes_by_its_gate():
    torch.manual_seed(0)
    model = FidelityEnsemble(4).double()
    fidelity, one, two = random_(2, 1, 3, 3), random_(2, 4, 2, 2), random_(2, 4, 2, 2, seed=1)
    gate = sigmoid(fully(array(fidelity).mean((2, 3)), model.layers))
    np.testing.assert_allclose(array(model(fidelity)), gate, rtol=1e-12)
    g = gate[:, :, None, None]
    expected = (1 - g) * array(one) + g * array(two)
    np.testing.assert_allclose(array(mix(one, two, model(fidelity))), expected, rtol=1e-12)
    vectors = mix(one[..., 0, 0], two[..., 0, 0], model(fidelity))
    np.testing.assert_allclose(array(vectors), expected[..., 0, 0], rtol=1e-12)


@pytest.mark.parametrize('width, sites, calibration, ensemble', [(2048, 3, 10_493_734, 2_101_248)])
def test_published_sizes_of_resnet50(width, sites, calibration, ensemble):
    assert count(SpatialCalibration(sites)) + count(ChannelCalibration(width)) == calibration
    assert count(FidelityEnsemble(width)) == ensemble


def test_gradients():
    torch.manual_seed(0)
    spatial, channel = SpatialCalibration(1).double(), ChannelCalibration(2).double()
    x, fidelity = random_(1, 2, 3, 3).requires_grad_(), random_(1, 1, 3, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, m: spatial(x, m, 0)[0], (x, fidelity))
    assert torch.autograd.gradcheck(channel, (x, fidelity))


@pytest.mark.parametrize(
    'build, message',
    [
        (lambda: ChannelCalibration(7), 'feature_channels=7.*even number'),
        (lambda: ChannelCalibration(None), 'feature_channels is not set'),
        (
            lambda: ChannelCalibration(4, interpolation='cubic'),
            "channel.interpolation='cubic'; allow",
        ),
        (lambda: ChannelCalibration(4, False, False), 'calibrates nothing'),
        (lambda: SpatialCalibration(2, False, False), 'calibrates nothing'),
        (lambda: SpatialCalibration(0), 'num_sites=0'),
        (
            lambda: ChannelCalibration(4)(torch.zeros(1, 6), torch.zeros(1, 1, 4, 4)),
            r'\(1, 6\).*feature_channels=4',
        ),
    ],
)
def test_mistakes_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
