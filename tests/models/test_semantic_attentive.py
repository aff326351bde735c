"""SAM: equals a plain loop over its paths, at once or one by one; its sizes; its errors."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from mmdegrade.models.restorers import SemanticAttentiveModule, semantic_attentive


@pytest.mark.parametrize(
    'settings, count',
    [
        (dict(), 3_350_467),
        (dict(num_blocks=9), 1_760 + 9_248 + 10 * 9 * 18_496 + 9_312 + 867),
        (dict(num_blocks=9, share_paths=True), 1_760 + 9_248 + 9 * 18_496 + 9_312 + 867),
        (dict(num_paths=2, num_blocks=9), 1_760 + 9_248 + 2 * 9 * 18_496 + 9_312 + 867),
    ],
)
def test_sizes(settings, count):
    model = MODELS.build(dict(type='SemanticAttentiveModule', **settings))
    assert sum(p.numel() for p in model.parameters()) == count


def by_loop(model, images, condition):
    """One path after another, each with convolutions of its own."""
    coarse, maps = condition[:, :3], condition[:, 3:]
    x = model.head(torch.cat([images, coarse], 1))
    total = 0
    for k in range(model.num_paths):
        y = x * maps[:, k : k + 1]
        own = slice(0, 32) if model.share_paths else slice(32 * k, 32 * k + 32)
        for block in model.blocks:
            z = F.conv2d(y, block.first.weight[own], block.first.bias[own], padding=1).relu()
            y = y + F.conv2d(z, block.second.weight[own], block.second.bias[own], padding=1)
        total = total + y
    return model.tail(total)


def grads(model, output, *inputs):
    return torch.autograd.grad(output.square().sum(), [*model.parameters(), *inputs])


@pytest.mark.parametrize('share_paths', [False, True])
@pytest.mark.parametrize('at_once', [1, 2, 10])
def test_grouped_equals_the_loop(share_paths, at_once, monkeypatch):
    monkeypatch.setattr(semantic_attentive, 'CPU_PATHS', at_once)
    torch.manual_seed(0)
    model = SemanticAttentiveModule(num_paths=5, num_blocks=2, share_paths=share_paths)
    images = torch.rand(2, 3, 11, 14)
    maps = torch.rand(2, 5, 11, 14).softmax(1)
    condition = torch.cat([torch.rand(2, 3, 11, 14), maps], 1)
    with torch.no_grad():
        ours, loop = model(images, condition), by_loop(model, images, condition)
    torch.testing.assert_close(ours, loop, rtol=0, atol=1e-5)
    # In float64: the gradient of a bias in front of batch normalisation is rounding alone.
    model.double()
    images, condition = (x.detach().double().requires_grad_() for x in (images, condition))
    expected = grads(model, by_loop(model, images, condition), images, condition)
    for model.with_cp in (False, True):
        found = grads(model, model(images, condition), images, condition)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)


@torch.no_grad()
def test_a_path_sees_its_pixels_alone():
    """What a group's blocks are matters only where its map is not zero."""
    torch.manual_seed(0)
    model = SemanticAttentiveModule(num_paths=2, num_blocks=1).eval()
    for block in model.blocks:  # without bias, a path of zeros gives zeros
        block.first.bias.zero_()
        block.second.bias.zero_()
    images, coarse = torch.rand(2, 1, 3, 40, 12)
    maps = torch.zeros(1, 2, 40, 12)
    maps[:, 0, :20] = maps[:, 1, 20:] = 1
    condition = torch.cat([coarse, maps], 1)
    before = model(images, condition)
    model.blocks[0].first.weight[32:] += 1
    changed = (model(images, condition) - before).abs().sum((0, 1, 3)).nonzero()
    # Two convolutions of the block reach into the other half, and two of the tail.
    assert int(changed.min()) >= 20 - 4 and int(changed.max()) == 39


@torch.no_grad()
def test_residual_adds_the_coarse_image():
    model = SemanticAttentiveModule(num_paths=2, num_blocks=1).eval()
    images, condition = torch.rand(1, 3, 8, 9), torch.rand(1, 5, 8, 9)
    made = model(images, condition)
    model.residual = True
    torch.testing.assert_close(model(images, condition), condition[:, :3] + made)
    fresh = SemanticAttentiveModule(num_paths=2, num_blocks=1, residual=True)
    assert torch.equal(fresh(images, condition), condition[:, :3])


@pytest.mark.parametrize('name', ['num_paths', 'num_blocks'])
def test_errors(name):
    with pytest.raises(ValueError, match=f'SemanticAttentiveModule: {name}=0'):
        SemanticAttentiveModule(**{name: 0})
    model = SemanticAttentiveModule(num_paths=2, num_blocks=1)
    images = torch.rand(1, 3, 8, 8)
    for condition in (None, torch.rand(1, 6, 8, 8), torch.rand(1, 5, 8, 7)):
        with pytest.raises(ValueError, match=r'allowed: \(1, 5, 8, 8\), the coarse image and num'):
            model(images, condition)
