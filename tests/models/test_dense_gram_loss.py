"""Dense-Gram loss against the double sum of Eq. 3, written out in NumPy."""

import sys

import numpy as np
import pytest
import torch

from mmdegrade.models.losses import DenseGramLoss, dense_gram_loss, gram_matrix

loss_file = sys.modules[DenseGramLoss.__module__]


def maps(count, shape=(2, 5, 3, 4), seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=dtype) for _ in range(count)]


def double_sum(source, target):
    """Eq. 3, per image, averaged over the batch."""
    batch, c, h, w = source[0].shape
    total = 0.0
    for n in range(batch):
        for s in source:
            for t in target:
                fs = s[n].detach().numpy().reshape(c, h * w)
                ft = t[n].detach().numpy().reshape(c, h * w)
                total += np.sum((fs @ fs.T - ft @ ft.T) ** 2)
    return total / (4 * c**2 * (h * w) ** 2) / batch


@pytest.mark.parametrize('layers', [1, 2, 5])
def test_equals_the_double_sum(layers):
    source, target = maps(layers), maps(layers, seed=1)
    assert float(dense_gram_loss(source, target)) == pytest.approx(
        double_sum(source, target), rel=1e-12
    )


def test_equals_the_double_sum_for_unequal_counts():
    source, target = maps(3), maps(2, seed=1)
    assert float(dense_gram_loss(source, target)) == pytest.approx(
        double_sum(source, target), rel=1e-12
    )


def test_gradient_is_that_of_the_double_sum():
    source, target = maps(3), [t.requires_grad_() for t in maps(3, seed=1)]
    dense_gram_loss(source, target).backward()
    ours = [t.grad.clone() for t in target]
    for t in target:
        t.grad = None
    c, m = 5, 12
    total = 0
    for s in source:
        for t in target:
            gs = s.flatten(2) @ s.flatten(2).mT
            gt = t.flatten(2) @ t.flatten(2).mT
            total = total + (gs - gt).square().sum()
    (total / (4 * c**2 * m**2 * 2)).backward()
    for grad, t in zip(ours, target, strict=True):
        assert torch.allclose(grad, t.grad, rtol=1e-10, atol=1e-14)


def test_gradcheck():
    source, target = maps(2, (2, 3, 2, 3)), maps(2, (2, 3, 2, 3), seed=1)
    for t in target:
        t.requires_grad_()
    assert torch.autograd.gradcheck(lambda *t: dense_gram_loss(source, t), tuple(target))


def test_equal_single_layers_give_zero_and_a_permutation_of_pixels_too():
    (source,) = maps(1)
    shuffled = source.flatten(2)[..., torch.randperm(12)].reshape(source.shape)
    assert float(dense_gram_loss([source], [source])) == pytest.approx(0, abs=1e-25)
    assert float(dense_gram_loss([source], [shuffled])) == pytest.approx(0, abs=1e-25)


def test_grows_with_the_fourth_power_of_activations():
    source, target = maps(2), maps(2, seed=1)
    ratio = dense_gram_loss([3 * s for s in source], [3 * t for t in target]) / dense_gram_loss(
        source, target
    )
    assert float(ratio) == pytest.approx(81)


def test_no_gradient_reaches_the_source_and_inference_tensors_work():
    with torch.inference_mode():
        source = maps(2, dtype=torch.float32)
    target = [t.requires_grad_() for t in maps(2, seed=1, dtype=torch.float32)]
    dense_gram_loss(source, target).backward()
    assert all(t.grad.abs().sum() > 0 for t in target)


def test_autocast_does_not_lower_the_precision():
    source, target = maps(2, dtype=torch.float32), maps(2, seed=1, dtype=torch.float32)
    expected = dense_gram_loss(source, target)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(dense_gram_loss(source, target), expected)
    half = dense_gram_loss([s.bfloat16() for s in source], [t.bfloat16() for t in target])
    assert half.dtype == torch.float32
    assert float(half) == pytest.approx(float(expected), rel=0.05)


def test_large_activations_do_not_overflow():
    big = [torch.full((1, 4, 64, 64), 3e3)]
    loss = dense_gram_loss(big, [torch.zeros_like(big[0])])
    # Each of the 16 Gram entries is 9e6 after division by m; (1/(4·16)) · 16 · (9e6)².
    assert float(loss) == pytest.approx((9e6) ** 2 / 4, rel=1e-4)


def test_gram_matrix_value():
    feature = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # c = 2, m = 2
    assert torch.allclose(gram_matrix(feature), torch.tensor([[[2.5, 5.5], [5.5, 12.5]]]))


def test_module_sums_blocks_and_weights_them():
    a, b = maps(2), maps(2, seed=1)
    c, d = maps(1, (2, 4, 2, 2), 2), maps(1, (2, 4, 2, 2), 3)
    total, blocks = DenseGramLoss(loss_weight=0.5)(dict(b4=a, b5=c), dict(b4=b, b5=d))
    assert float(blocks['b4']) == pytest.approx(double_sum(a, b))
    assert float(blocks['b5']) == pytest.approx(double_sum(c, d))
    assert float(total) == pytest.approx(0.5 * (double_sum(a, b) + double_sum(c, d)))
    total, blocks = DenseGramLoss(blocks=['b5'])(dict(b4=a, b5=c), dict(b4=b, b5=d))
    assert list(blocks) == ['b5']
    assert float(total) == pytest.approx(0.1 * double_sum(c, d))  # the published λ


def test_errors():
    with pytest.raises(ValueError, match='share one N×C×H×W shape'):
        dense_gram_loss(maps(1), maps(1, (2, 5, 3, 5)))
    with pytest.raises(ValueError, match='at least one feature map'):
        dense_gram_loss([], maps(1))
    with pytest.raises(TypeError, match='source must be a list or tuple of .* got Tensor'):
        dense_gram_loss(maps(1)[0], maps(1))
    with pytest.raises(TypeError, match='target must be a list or tuple of .* got dict'):
        dense_gram_loss(maps(1), dict(b4=maps(1)[0]))
    with pytest.raises(TypeError, match='target must hold floating-point tensors, got torch.int64'):
        dense_gram_loss(maps(1), [maps(1)[0].long()])
    with pytest.raises(TypeError, match='source must hold floating-point tensors, got ndarray'):
        dense_gram_loss([maps(1)[0].numpy()], maps(1))
    with pytest.raises(ValueError, match='loss_weight=0'):
        DenseGramLoss(loss_weight=0)
    with pytest.raises(ValueError, match=r"blocks \['b7'\] are not tapped; allowed: \['b4'\]"):
        DenseGramLoss(blocks=['b7'])(dict(b4=maps(1)), dict(b4=maps(1)))


# More channels than pixels: no c×c matrix is formed.
WIDE = (2, 40, 2, 3)


@pytest.mark.parametrize('counts', [(1, 1), (2, 2), (3, 2)])
def test_fewer_pixels_than_channels_equals_the_double_sum(counts, monkeypatch):
    monkeypatch.setattr(loss_file, '_sum_by_channels', None)  # not used
    source, target = maps(counts[0], WIDE), maps(counts[1], WIDE, seed=1)
    loss = dense_gram_loss(source, target)
    assert float(loss) == pytest.approx(double_sum(source, target), rel=1e-12)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_both_ways_give_the_same_gradient(memory_format, monkeypatch):
    with torch.inference_mode():  # as a teacher hands them on
        source = [s.to(memory_format=memory_format) for s in maps(2, WIDE)]
    gradients, values = [], []
    for by_pixels in (True, False):
        monkeypatch.setattr(loss_file, '_pixels_are_cheaper', lambda *a, way=by_pixels: way)
        target = [t.to(memory_format=memory_format) for t in maps(2, WIDE, seed=1)]
        for t in target:
            t.requires_grad_()
        loss = dense_gram_loss(source, target)
        (3 * loss).backward()
        values.append(float(loss))
        gradients.append([t.grad for t in target])
    assert values[0] == pytest.approx(values[1], rel=1e-12)
    for a, b in zip(*gradients, strict=True):
        assert torch.allclose(a, b, rtol=1e-10, atol=1e-14)


def test_gradcheck_with_fewer_pixels_than_channels():
    source, target = maps(2, (2, 12, 1, 2)), maps(2, (2, 12, 1, 2), seed=1)
    for t in target:
        t.requires_grad_()
    assert torch.autograd.gradcheck(lambda *t: dense_gram_loss(source, t), tuple(target))


def test_small_gaps_survive_float32_with_fewer_pixels_than_channels():
    (source,) = maps(1, (1, 512, 4, 4))
    near = source + 1e-4 * maps(1, (1, 512, 4, 4), seed=1)[0]
    source, near = source.float(), near.float().requires_grad_()
    loss = dense_gram_loss([source], [near])
    exact = double_sum([source.double()], [near.double()])
    assert float(loss) == pytest.approx(exact, rel=1e-4)
    same = source.clone().requires_grad_()
    loss = dense_gram_loss([source], [same])
    loss.backward()
    assert float(loss) == pytest.approx(0, abs=1e-12) and not same.grad.any()
