"""The other distances of DGN, against their formulas written out in NumPy; pairing; λ."""

import numpy as np
import pytest
import torch

from mmdegrade.models.losses import (
    DenseGaussianMMDLoss,
    DenseGramLoss,
    DenseLinearMMDLoss,
    DenseMSELoss,
    dense_gaussian_mmd_loss,
    dense_gram_loss,
    dense_linear_mmd_loss,
    dense_mse_loss,
)

CLASSES = (DenseGramLoss, DenseMSELoss, DenseLinearMMDLoss, DenseGaussianMMDLoss)
FUNCTIONS = (dense_gram_loss, dense_mse_loss, dense_linear_mmd_loss, dense_gaussian_mmd_loss)
SHAPE = (2, 5, 3, 4)
PLACES = torch.randperm(12, generator=torch.Generator().manual_seed(3))


def maps(count, seed=0, shape=SHAPE):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(count)]


def over_pairs(source, target, distance):
    """Σ over pairs of layers, mean over images, of NumPy maps c×m."""
    images = source[0].shape[0]
    flat = [[f.detach().numpy().reshape(images, 5, 12) for f in part] for part in (source, target)]
    total = sum(distance(s[n], t[n]) for n in range(images) for s in flat[0] for t in flat[1])
    return total / images


def mse(s, t):
    return np.mean((s - t) ** 2)


def linear(s, t):
    return np.sum((s.mean(1) - t.mean(1)) ** 2) / (4 * len(s))


def gaussian(s, t):
    first, second = PLACES[:6].numpy(), PLACES[6:].numpy()
    squares = np.zeros((4, 6))
    for i, (p, q) in enumerate(zip(first, second, strict=True)):
        pairs = ((s[:, p], s[:, q]), (t[:, p], t[:, q]), (s[:, p], t[:, q]), (t[:, p], s[:, q]))
        squares[:, i] = [np.sum((a - b) ** 2) for a, b in pairs]
    k = np.exp(-squares / squares.mean())
    return np.mean(k[0] + k[1] - k[2] - k[3]) / 4


@pytest.mark.parametrize('counts', [(1, 1), (3, 3), (3, 2)])
def test_values(counts):
    source, target = maps(counts[0]), maps(counts[1], seed=1)
    for function, distance in ((dense_mse_loss, mse), (dense_linear_mmd_loss, linear)):
        expected = over_pairs(source, target, distance)
        assert float(function(source, target)) == pytest.approx(expected, rel=1e-12)
    got = float(dense_gaussian_mmd_loss(source, target, PLACES))
    assert got == pytest.approx(over_pairs(source, target, gaussian), rel=1e-12)


@pytest.mark.parametrize('function', [dense_mse_loss, dense_linear_mmd_loss])
def test_gradcheck(function):
    source, target = maps(2), [t.requires_grad_() for t in maps(2, seed=1)]
    assert torch.autograd.gradcheck(lambda *t: function(source, t), tuple(target))


def test_gradient_of_the_gaussian_mmd_holds_gamma_fixed():
    source, target = maps(2), [t.requires_grad_() for t in maps(2, seed=1)]
    ours = torch.autograd.grad(dense_gaussian_mmd_loss(source, target, PLACES), target)
    total = 0
    for s in source:
        for t in target:
            (x0, x1), (y0, y1) = (f.flatten(2)[:, :, PLACES].split(6, dim=2) for f in (s, t))
            pairs = ((x0, x1), (y0, y1), (x0, y1), (y0, x1))
            squares = torch.stack([((a - b) ** 2).sum(1) for a, b in pairs])
            k = torch.exp(-squares / squares.detach().mean((0, 2))[:, None])
            total = total + (k[0] + k[1] - k[2] - k[3]).mean() / 4
    for grad, plain in zip(ours, torch.autograd.grad(total, target), strict=True):
        assert torch.allclose(grad, plain, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize('function', FUNCTIONS)
def test_the_source_gets_no_gradient(function):
    source = [s.requires_grad_() for s in maps(2)]
    target = [t.requires_grad_() for t in maps(2, seed=1)]
    function(source, target).backward()
    assert all(s.grad is None for s in source)
    assert all(t.grad is not None and t.grad.abs().sum() > 0 for t in target)


@pytest.mark.parametrize('function', FUNCTIONS)
def test_sources_may_be_inference_tensors(function):
    with torch.inference_mode():
        source = [s.clone() for s in maps(2)]
    target = [t.requires_grad_() for t in maps(2, seed=1)]
    function(source, target).backward()
    assert all(torch.isfinite(t.grad).all() for t in target)


@pytest.mark.parametrize('function', FUNCTIONS)
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(function, dtype):
    source, target = ([f.to(dtype) for f in maps(2, seed)] for seed in (0, 1))
    torch.manual_seed(0)
    got = function(source, target)
    torch.manual_seed(0)
    assert got.dtype == torch.float32
    expected = function([f.double() for f in source], [f.double() for f in target])
    assert float(got) == pytest.approx(float(expected), rel=1e-4)


def test_gaussian_mmd_tells_distributions_apart():
    torch.manual_seed(0)
    same, other = (
        dense_gaussian_mmd_loss(maps(1, 0, (1, 4, 64, 64)), [maps(1, 1, (1, 4, 64, 64))[0] * scale])
        for scale in (1, 3)
    )
    assert abs(float(same)) < 0.01 < 0.05 < float(other)


@pytest.mark.parametrize('cls', CLASSES)
def test_pairing_weight_and_blocks(cls):
    source = {name: maps(2, seed) for name, seed in (('b4', 0), ('b5', 5))}
    target = {name: maps(2, seed) for name, seed in (('b4', 1), ('b5', 6))}
    function = FUNCTIONS[CLASSES.index(cls)]
    torch.manual_seed(0)
    total, blocks = cls(loss_weight=3.0)(source, target)
    assert set(blocks) == {'b4', 'b5'}
    assert float(total) == pytest.approx(3 * sum(map(float, blocks.values())))
    torch.manual_seed(0)
    assert float(blocks['b4']) == pytest.approx(float(function(source['b4'], target['b4'])))
    torch.manual_seed(0)
    _, layerwise = cls(blocks=['b5'], pairing='layerwise')(source, target)
    torch.manual_seed(0)
    expected = [function([s], [t]) for s, t in zip(source['b5'], target['b5'], strict=True)]
    assert set(layerwise) == {'b5'}
    assert float(layerwise['b5']) == pytest.approx(float(sum(expected)))


@pytest.mark.parametrize('cls', CLASSES)
def test_errors(cls):
    name = cls.__name__
    with pytest.raises(ValueError, match=f'{name}: loss_weight=0 does nothing'):
        cls(loss_weight=0)
    with pytest.raises(ValueError, match=f"{name}: pairing='all'; allowed: .*layerwise"):
        cls(pairing='all')
    with pytest.raises(ValueError, match=rf"{name}: blocks \['b9'\] are not tapped; .*'b4'"):
        cls(blocks=['b9'])({'b4': maps(1)}, {'b4': maps(1)})
    with pytest.raises(ValueError, match='as many source as target layers, got 2 and 1'):
        cls(pairing='layerwise')({'b4': maps(2)}, {'b4': maps(1)})
    with pytest.raises(ValueError, match=r'must share one N×C×H×W shape, got \(2, 5, 3, 4\), \(2,'):
        cls()({'b4': maps(1)}, {'b4': maps(1, shape=(2, 6, 3, 4))})


def test_a_single_place_has_no_pairs():
    with pytest.raises(ValueError, match='single place'):
        dense_gaussian_mmd_loss(maps(1, shape=(1, 4, 1, 1)), maps(1, shape=(1, 4, 1, 1)))
