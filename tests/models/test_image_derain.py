"""IDM: the table's layers written out, its sizes, memory saving that changes nothing."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import nn

from mmdegrade.models.restorers import ImageDerainModule


@pytest.mark.parametrize('num_blocks, count', [(22, 427_235), (11, 223_779)])
def test_published_sizes(num_blocks, count):
    model = MODELS.build(dict(type='ImageDerainModule', num_blocks=num_blocks))
    assert sum(p.numel() for p in model.parameters()) == count


def by_hand(model, images):
    """The table, layer by layer, with torch's functions and the weights in their order."""
    weights = iter(model.parameters())

    def conv(x):
        return F.conv2d(x, next(weights), next(weights), padding=1)

    x = conv(images).relu()
    x = conv(x).relu()
    for _ in model.blocks:
        x = x + conv(conv(x).relu())
    x = conv(x)
    norm = next(m for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    x = F.batch_norm(x, norm.running_mean, norm.running_var, next(weights), next(weights)).relu()
    return conv(x)


@torch.no_grad()
def test_equals_the_table():
    torch.manual_seed(0)
    model = ImageDerainModule(3).double().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    images = torch.rand(2, 3, 13, 18, dtype=torch.float64)
    before = images.clone()
    expected = by_hand(model, images)
    torch.testing.assert_close(model(images), expected, rtol=0, atol=1e-12)
    model.residual = True
    torch.testing.assert_close(model(images), images + expected, rtol=0, atol=1e-12)
    assert torch.equal(images, before)


@torch.no_grad()
def test_a_residual_network_starts_as_the_identity():
    images = torch.rand(1, 3, 9, 8)
    assert torch.equal(ImageDerainModule(2, residual=True)(images), images)


@torch.no_grad()
def test_receptive_radius():
    model = ImageDerainModule(2).eval()
    images = torch.rand(1, 3, 41, 41)
    other = images.clone()
    other[..., 20, 20] += 1
    moved = (model(other) - model(images)).abs().sum((0, 1)).nonzero() - 20
    assert int(moved.abs().max()) == model.receptive_radius == 8


def test_checkpointing_changes_no_gradient():
    torch.manual_seed(1)
    model = ImageDerainModule(3)
    images = torch.rand(2, 3, 12, 12)
    grads = []
    for with_cp in (False, True):
        model.with_cp = with_cp
        model.zero_grad()
        model(images).square().sum().backward()
        grads.append([p.grad.clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    assert all(float(grad.abs().max()) > 0 for grad in grads[0][:4])


@pytest.mark.parametrize('num_blocks', [0, -1, 2.0, True])
def test_errors(num_blocks):
    with pytest.raises(ValueError, match=f'num_blocks={num_blocks}; allowed: a positive integer'):
        ImageDerainModule(num_blocks)
