"""DLAUpHead: the tree written out, bilinear start, published layout, odd sizes, errors."""

import pytest
import torch
import torch.nn.functional as F

from mmdegrade.models.decode_heads import DLAUpHead
from mmdegrade.models.decode_heads.dla_up_head import IDAUp

NARROW = dict(in_channels=(2, 3, 4, 5), num_classes=3)


def test_tree_written_out_for_three_levels():
    head = DLAUpHead(in_channels=(2, 3, 4), num_classes=3).eval()
    maps = fine, middle, coarse = [
        torch.randn(1, c, n, n) for c, n in ((2, 12), (3, 6), (4, 3))
    ]  # fmt: skip

    def merge(ida, k, x, y):
        proj, up, node = (getattr(ida, f'{name}_{k}') for name in ('proj', 'up', 'node'))
        return node(torch.cat([x, up(proj(y))], 1))

    a = merge(head.ida_0, 1, middle, coarse)
    b = merge(head.ida_1, 1, fine, middle)
    c = merge(head.ida_1, 2, b, a)
    torch.testing.assert_close(head(maps), head.conv_seg(c))


def test_projection_upsampling_and_node():
    """(1x1, BN, ReLU), doubling, then 3x3, BN, ReLU on both maps; BN at its start divides only."""
    ida = IDAUp(3, 2, 1, dict(type='BN')).eval()
    x, y = torch.randn(1, 2, 8, 6), torch.randn(1, 3, 4, 3)
    projected = (F.conv2d(y, ida.proj_1[0].weight) / (1 + 1e-5) ** 0.5).relu()
    up = F.conv_transpose2d(projected, ida.up_1.weight, stride=2, padding=1, groups=2)
    joined = F.conv2d(torch.cat([x, up], 1), ida.node_1[0].weight, padding=1)
    (out,) = ida([x, y])
    torch.testing.assert_close(out, (joined / (1 + 1e-5) ** 0.5).relu())


def test_upsampling_starts_bilinear_and_is_learned():
    ida = IDAUp(2, 2, 1, dict(type='BN'))
    assert isinstance(ida.proj_1, torch.nn.Identity)  # equal widths, as in the original
    x = torch.randn(1, 2, 5, 4)
    want = F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(ida.up_1(x)[inside], want[inside])
    assert ida.up_1.weight.requires_grad
    head = DLAUpHead(**NARROW)
    head.init_weights()  # leaves it bilinear
    assert torch.equal(head.ida_0.up_1.weight[:2], ida.up_1.weight)


@pytest.mark.parametrize(
    'in_channels', [(32, 64, 128, 256, 512), (32, 128, 256, 512, 1024), (64, 128)]
)
def test_parameter_count_and_layout(in_channels):
    """Step i of the tree merges i + 1 coarser maps into one."""
    with torch.device('meta'):
        head = DLAUpHead(in_channels=in_channels, num_classes=19)
    want = 19 * (in_channels[0] + 1)
    for i, (coarse, fine) in enumerate(zip(in_channels[:0:-1], in_channels[-2::-1], strict=True)):
        projection = coarse * fine + 2 * fine
        node = 9 * 2 * fine * fine + 2 * fine
        want += (i + 1) * (projection + 16 * fine + node)
    assert sum(p.numel() for p in head.parameters()) == want
    # Names inside the steps are the authors'.
    steps = len(in_channels) - 1
    names = {
        f'ida_{i}.{part}_{k}'
        for i in range(steps)
        for part in ('proj', 'up', 'node')
        for k in range(1, i + 2)
    }
    assert names == {name for name, _ in head.named_modules() if name.count('.') == 1}


@pytest.mark.parametrize('size', [(33, 47), (64, 32), (1, 1)])
def test_shapes_at_odd_sizes(size):
    head = DLAUpHead(**NARROW).eval()
    maps = [
        torch.randn(2, c, *(-(-n // 2**i) for n in size))
        for i, c in enumerate(NARROW['in_channels'])
    ]
    assert head(maps).shape == (2, 3, *size)


def test_gradients_reach_every_parameter():
    head = DLAUpHead(**NARROW)
    maps = [torch.randn(2, c, n, n) for c, n in zip((2, 3, 4, 5), (16, 8, 4, 2), strict=True)]
    head(maps).square().sum().backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(in_channels=(4,)), r'in_channels=\(4,\)'),
        (dict(channels=3), r'channels=3 must equal the first of in_channels=\(2, 3, 4, 5\)'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        DLAUpHead(**dict(NARROW, **kwargs))
