"""SADNet: parameters, offsets that start at zero and move what is read, any size."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from mmdegrade.models.restorers import SADNet
from mmdegrade.models.restorers.sadnet import AdaptiveBlock, OffsetBlock


def conv(before, after, size=3):
    return (before * size**2 + 1) * after


def by_hand() -> int:
    """Layer list of the authors' repository, entry by entry."""
    total = conv(3, 32, 1) + 2 * conv(32, 32)  # first residual block
    for c in (64, 128, 256):
        total += conv(c // 2, c, 2) + 2 * conv(c, c)
    total += conv(256, 64, 1) + 4 * conv(64, 64) + conv(256, 256, 1)  # context
    for c in (256, 128, 64, 32):
        total += conv(c, 32) + conv(32, 32)  # offsets
        total += conv(c, c) + conv(32, 3 * 9 * 8) + conv(c, c)  # deformable, its 27×8, plain
        if c < 256:
            total += conv(64, 32)  # transfer
            total += conv(2 * c, c, 2) + conv(2 * c, c, 1)  # transposed, join
    return total + conv(32, 3)


@pytest.fixture()
def small():
    torch.manual_seed(0)
    return MODELS.build(dict(type='SADNet', width=8)).double()


def images(n=1, size=(16, 24)):
    return torch.rand((n, 3, *size), generator=torch.Generator().manual_seed(0)).double()


def test_parameters():
    assert sum(parameter.numel() for parameter in SADNet().parameters()) == by_hand() == 4234723


def test_it_adds_to_the_image(small):
    assert not torch.allclose(small(images()), images())
    torch.nn.init.zeros_(small.last.weight)
    assert torch.equal(small(images()), images())


@pytest.mark.parametrize('size', [(9, 24), (17, 23), (3, 5), (1, 1)])
def test_any_size_repeats_the_last_row_and_column(small, size):
    x = images(2, size)
    rows = torch.arange(-size[0] % 8 + size[0]).clamp(max=size[0] - 1)
    columns = torch.arange(-size[1] % 8 + size[1]).clamp(max=size[1] - 1)
    expected = small(x[:, :, rows][..., columns])[..., : size[0], : size[1]]
    assert small(x).shape == x.shape and torch.allclose(small(x), expected, atol=1e-12)


def test_offsets_and_modulation_start_at_zero(small):
    """At first the deformable convolution is a plain one, halved by sigmoid(0)."""
    block: AdaptiveBlock = small.decoder[0].adapt
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((1, 32, 6, 5), generator=generator, dtype=torch.float64)
    features = torch.randn((1, 32, 6, 5), generator=generator, dtype=torch.float64)
    seen = F.leaky_relu(F.conv2d(x / 2, block.weight, block.bias, padding=1), 0.2)
    expected = x + F.conv2d(seen, block.conv.weight, block.conv.bias, padding=1)
    assert torch.allclose(block(x, features), expected, atol=1e-12)


def test_offsets_move_what_is_read(small):
    """An offset of two columns for every tap reads the image two columns further right."""
    block: AdaptiveBlock = small.decoder[0].adapt
    x = torch.randn((1, 32, 8, 12), generator=torch.Generator().manual_seed(0)).double()
    features = torch.zeros(1, 32, 8, 12, dtype=torch.float64)
    bias = block.where.bias.data.view(27, 8)
    block.where.bias.data[1 : 2 * 9 * 8 : 2] = 2.0  # (dy, dx) pairs come first
    block.where.bias.data[2 * 9 * 8 :] = 100.0  # sigmoid: 1
    assert bias.sum() > 0
    shifted = torch.cat([x[..., 2:], torch.zeros_like(x[..., :2])], 3)
    seen = F.leaky_relu(F.conv2d(shifted, block.weight, block.bias, padding=1), 0.2)
    expected = x + F.conv2d(seen, block.conv.weight, block.conv.bias, padding=1)
    # At both edges what lies beyond differs from the zeros beside the shifted copy.
    inside = (..., slice(3, -5))
    assert torch.allclose(block(x, features)[inside], expected[inside], atol=1e-10)


def test_offsets_are_doubled_from_scale_to_scale():
    torch.manual_seed(0)
    block = OffsetBlock(8, transfer=True).double()
    x, coarser = torch.rand(1, 8, 4, 6).double(), torch.full((1, 32, 2, 3), 0.5).double()
    own = F.leaky_relu(F.conv2d(x, block.conv1.weight, block.conv1.bias, padding=1), 0.2)
    doubled = torch.ones(1, 32, 4, 6).double()  # 0.5 enlarged, in pixels of the finer scale
    joined = F.conv2d(torch.cat([own, doubled], 1), block.transfer.weight, padding=1)
    joined = F.leaky_relu(joined + block.transfer.bias[:, None, None], 0.2)
    expected = F.leaky_relu(F.conv2d(joined, block.conv2.weight, block.conv2.bias, padding=1), 0.2)
    assert torch.allclose(block(x, coarser), expected, atol=1e-12)


def test_every_parameter_learns(small):
    for block in small.modules():
        if isinstance(block, AdaptiveBlock):  # away from whole pixels, where sampling has a kink
            torch.nn.init.normal_(block.where.weight, std=0.1)
    x = images(1, (8, 8)).requires_grad_()
    small(x).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in small.parameters())
    assert x.grad.abs().sum() > 0


def test_gradients(small):
    for block in small.modules():
        if isinstance(block, AdaptiveBlock):
            torch.nn.init.constant_(block.where.bias, 0.3)
    assert torch.autograd.gradcheck(small, images(1, (8, 8)).requires_grad_(), fast_mode=True)


def test_errors(small):
    with pytest.raises(ValueError, match='SADNet: width=12; allowed: multiples of 8'):
        SADNet(width=12)
    with pytest.raises(ValueError, match='SADNet: images of shape'):
        small(images()[0])
