"""sigmoid_ce and SigmoidCrossEntropyLoss: against NumPy, gradcheck, mmseg's loss, errors."""

import mmdegrade  # noqa: F401,I001  first: makes torchvision importable on CPU builds of torch

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from mmengine.structures import PixelData
from mmseg.models.losses import CrossEntropyLoss
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.structures import SegDataSample

from mmdegrade.models.losses.sigmoid_cross_entropy import SigmoidCrossEntropyLoss, sigmoid_ce


def case(seed=0, n=2, c=4, h=5, w=6):
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 3, (n, c, h, w)))
    label = rng.integers(0, c, (n, h, w))
    label[rng.random(label.shape) < 0.25] = 255
    return logits, torch.from_numpy(label)


def literal(logits, label):
    """Eq. 4 with the sign corrected, pixel by pixel, class by class; (sum, pixels)."""
    z, t = logits.numpy(), label.numpy()
    total, count = 0.0, 0
    for i, y, x in np.argwhere(t != 255):
        count += 1
        for c in range(z.shape[1]):
            p = 1 / (1 + np.exp(-z[i, c, y, x]))
            total -= np.log(p) if c == t[i, y, x] else np.log(1 - p)
    return total, count


def test_value():
    logits, label = case()
    total, count = literal(logits, label)
    assert 0 < count < label.numel()
    assert float(sigmoid_ce(logits, label, reduction='sum')) == pytest.approx(total, rel=1e-12)
    assert float(sigmoid_ce(logits, label)) == pytest.approx(total / count, rel=1e-12)


def test_relation_to_mmseg():
    logits, label = case()
    ours, theirs = {}, {}
    for how in ('mean', 'sum'):
        ours[how] = sigmoid_ce(logits, label, reduction=how)
        theirs[how] = CrossEntropyLoss(use_sigmoid=True, reduction=how, avg_non_ignore=True)(
            logits, label, ignore_index=255
        )
    # mmseg computes in float32 here and adds its eps to the divisor
    assert float(ours['sum']) == pytest.approx(float(theirs['sum']), rel=1e-6)
    assert float(ours['mean']) == pytest.approx(float(theirs['mean']) * logits.shape[1], rel=1e-6)


def test_extreme_logits_stay_finite():
    logits = torch.tensor([[[[1e4, -1e4]], [[-1e4, 1e4]]]], requires_grad=True)
    good = sigmoid_ce(logits, torch.tensor([[[0, 1]]]), reduction='sum')
    bad = sigmoid_ce(logits, torch.tensor([[[1, 0]]]), reduction='sum')
    assert float(good) == 0 and float(bad) == 4e4
    bad.backward()
    assert logits.grad.flatten().tolist() == [1, -1, -1, 1]


def test_all_ignored_is_zero():
    logits, _ = case()
    logits.requires_grad_()
    label = torch.full((2, 5, 6), 255)
    for how in ('mean', 'sum'):
        loss = sigmoid_ce(logits, label, reduction=how)
        assert float(loss) == 0
        loss.backward()
    assert logits.grad.abs().max() == 0


def test_ignored_pixels_take_no_gradient_and_uint8_labels():
    logits, label = case()
    logits.requires_grad_()
    sigmoid_ce(logits, label.to(torch.uint8)).backward()
    hit = logits.grad.abs().sum(1) > 0
    assert torch.equal(hit, label != 255)


@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_gradcheck(reduction):
    logits, label = case(n=1, c=3, h=2, w=3)
    logits[0, :, 0, 0] = torch.tensor([25.0, -25.0, 30.0])  # beyond F.softplus's cut-off
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: sigmoid_ce(z, label, reduction=reduction), logits)


def test_half_precision_sums_in_float32():
    logits = torch.full((1, 2, 300, 300), 2.0, dtype=torch.float16)
    loss = sigmoid_ce(logits, torch.zeros(1, 300, 300, dtype=torch.long), reduction='sum')
    want = 90_000 * (np.log1p(np.exp(-2)) + np.log1p(np.exp(2)))
    assert loss.dtype == torch.float32 and float(loss) == pytest.approx(want, rel=1e-5)


def test_weight_and_avg_factor():
    logits, label = case()
    weight = torch.rand(label.shape, dtype=torch.float64)
    parts = torch.stack(
        [
            sigmoid_ce(
                logits[..., i : i + 1],
                label[..., i : i + 1],
                reduction='sum',
                weight=weight[..., i : i + 1],
            )
            for i in range(6)
        ]
    )
    total = sigmoid_ce(logits, label, reduction='sum', weight=weight)
    torch.testing.assert_close(total, parts.sum())
    torch.testing.assert_close(sigmoid_ce(logits, label, weight=weight, avg_factor=7), total / 7)
    torch.testing.assert_close(
        sigmoid_ce(logits, label, weight=2 * torch.ones_like(weight)), 2 * sigmoid_ce(logits, label)
    )


def test_module():
    logits, label = case()
    loss = MMSEG_MODELS.build(
        dict(type='SigmoidCrossEntropyLoss', loss_weight=0.5, reduction='sum')
    )
    assert isinstance(loss, SigmoidCrossEntropyLoss)
    torch.testing.assert_close(
        loss(logits, label, weight=None, ignore_index=255, something_else=1),
        0.5 * sigmoid_ce(logits, label, reduction='sum'),
    )
    assert loss.loss_name == 'loss_sigmoid_ce'
    assert MODELS.module_dict['SigmoidCrossEntropyLoss'] is SigmoidCrossEntropyLoss


def test_as_loss_decode_of_an_mmseg_head():
    head = MMSEG_MODELS.build(
        dict(
            type='FCNHead',
            in_channels=2,
            channels=2,
            num_convs=0,
            concat_input=False,
            num_classes=2,
            loss_decode=dict(type='SigmoidCrossEntropyLoss'),
        )
    )
    data = SegDataSample()
    data.gt_sem_seg = PixelData(data=torch.zeros(1, 4, 4, dtype=torch.long))
    logits = torch.zeros(1, 2, 4, 4, requires_grad=True)
    losses = head.loss_by_feat(logits, [data])
    assert float(losses['loss_sigmoid_ce']) == pytest.approx(2 * np.log(2), rel=1e-6)


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(reduction='none'), "reduction='none'"),
        (dict(reduction='sum', avg_factor=3), 'avg_factor=3'),
        (dict(target=torch.zeros(2, 5, 7, dtype=torch.long)), r'target has shape \(2, 5, 7\)'),
        (dict(weight=torch.zeros(1)), 'weight has shape'),
        (dict(target=torch.full((2, 5, 6), 4)), 'label 4; allowed: 0 to 3'),
        (dict(target=torch.full((2, 5, 6), -1)), 'label -1'),
    ],
)
def test_errors(kwargs, match):
    logits, label = case()
    with pytest.raises(ValueError, match=match):
        sigmoid_ce(logits, **{'target': label, **kwargs})


def test_bad_reduction_of_the_module():
    with pytest.raises(ValueError, match="reduction='none'"):
        SigmoidCrossEntropyLoss(reduction='none')
