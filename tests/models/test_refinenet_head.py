"""RefineNetHead: blocks against plain formulas, published sizes, shapes, gradients, errors."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import maximum_filter
from scipy.signal import correlate

from mmdegrade.models.decode_heads import RefineNetHead
from mmdegrade.models.decode_heads.refinenet_head import (
    ChainedResidualPooling,
    RefineNetBlock,
    ResidualConvUnit,
)

NARROW = dict(in_channels=(4, 5, 6, 7), channels=3, top_channels=4, num_classes=3)


def convolve(x, conv):
    """3x3 convolution with a border of zeros by SciPy; x: C x H x W."""
    weight, bias = conv.weight.detach().numpy(), conv.bias
    out = np.stack(
        [
            sum(correlate(c, k, mode='same') for c, k in zip(x, kernels, strict=True))
            for kernels in weight
        ]
    )
    return out if bias is None else out + bias.detach().numpy()[:, None, None]


def pool(x):
    """Largest of 5x5, borders ignored."""
    return np.stack([maximum_filter(c, 5, mode='constant', cval=-np.inf) for c in x])


@pytest.mark.parametrize('pool_first', [True, False])
@pytest.mark.parametrize('blocks', [0, 1, 2, 4])
def test_chained_residual_pooling(blocks, pool_first):
    crp = ChainedResidualPooling(3, blocks, pool_first).double()
    x = torch.randn(1, 3, 9, 7, dtype=torch.float64)
    total = link = np.maximum(x[0].numpy(), 0)
    for conv in crp.convs:
        link = convolve(pool(link), conv) if pool_first else pool(convolve(link, conv))
        total = total + link
    np.testing.assert_allclose(crp(x)[0].detach().numpy(), total, atol=1e-12)


def test_residual_conv_unit():
    unit = ResidualConvUnit(3).double()
    x = torch.randn(1, 3, 6, 5, dtype=torch.float64)
    plain = x[0].numpy()
    inside = np.maximum(convolve(np.maximum(plain, 0), unit.conv1), 0)
    want = plain + convolve(inside, unit.conv2)
    np.testing.assert_allclose(unit(x)[0].detach().numpy(), want, atol=1e-12)
    assert unit.conv1.bias is not None and unit.conv2.bias is None


@pytest.mark.parametrize('align_corners', [True, False])
def test_fusion_takes_the_smaller_width_and_the_larger_size(align_corners):
    block = RefineNetBlock((3, 4), crp_blocks=0, output_units=0, align_corners=align_corners)
    fine, coarse = torch.randn(1, 3, 9, 7), torch.randn(1, 4, 5, 4)
    a, b = block.fuse[0](block.adapt[0](fine)), block.fuse[1](block.adapt[1](coarse))
    up = F.interpolate(b, (9, 7), mode='bilinear', align_corners=align_corners)
    torch.testing.assert_close(block(fine, coarse), (a + up).relu())
    assert len(RefineNetBlock((3,)).fuse) == 0


def test_cascade_with_idle_units():
    """With all RCUs and pooling chains at zero only the adapting convolutions are left."""
    head = RefineNetHead(dropout_ratio=0, **NARROW)
    for name, parameter in head.named_parameters():
        if '.adapt.' in name or '.pool.' in name or '.output.' in name:
            torch.nn.init.zeros_(parameter)
    maps = [torch.randn(1, c, 2**k, 2**k) for c, k in zip((4, 5, 6, 7), (5, 4, 3, 2), strict=True)]
    x = head.reduce[3](maps[3]).relu()
    for i in (2, 1, 0):
        fuse = head.blocks[i].fuse
        up = F.interpolate(fuse[1](x), scale_factor=2, mode='bilinear', align_corners=False)
        x = (fuse[0](head.reduce[i](maps[i])) + up).relu()
    torch.testing.assert_close(head(maps), head.conv_seg(x))


@pytest.mark.parametrize(
    ('crp_blocks', 'published', 'total'), [(2, None, 109_794_901), (4, 118, 118_052_437)]
)
def test_parameter_count(crp_blocks, published, total):
    """Closed form; four pooling blocks give the 118 M of the Light-Weight RefineNet paper."""
    with torch.device('meta'):
        head = RefineNetHead(num_classes=21, crp_blocks=crp_blocks)
    a, b = 256, 512
    rcu_a, rcu_b = (18 * c * c + c for c in (a, b))
    reduce = 9 * (256 * a + 512 * a + 1024 * a + 2048 * b)
    units = 5 * rcu_b + 15 * rcu_a  # 2 per input, 1 at the end of a block, 3 in the last
    fuse = 9 * (b * a + 5 * a * a)
    pooling = 9 * crp_blocks * (b * b + 3 * a * a)
    want = reduce + units + fuse + pooling + (9 * a + 1) * 21
    assert sum(p.numel() for p in head.parameters()) == want
    resnet101 = 44_549_160 - 2049 * 1000  # torchvision's published count, without its classifier
    assert resnet101 + want == total
    assert published is None or int(total / 1e6) == published


@pytest.mark.parametrize('size', [(33, 47), (64, 32), (1, 1)])
def test_shapes_at_odd_sizes(size):
    head = RefineNetHead(**NARROW).eval()
    maps = []
    for i, width in enumerate(NARROW['in_channels']):
        maps.append(torch.randn(2, width, *(-(-n // 2**i) for n in size)))
    assert head(maps).shape == (2, 3, *size)


def test_gradients_reach_every_parameter():
    head = RefineNetHead(dropout_ratio=0, **NARROW)
    maps = [torch.randn(1, c, n, n) for c, n in zip((4, 5, 6, 7), (16, 8, 4, 2), strict=True)]
    head(maps).square().sum().backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_start_is_the_published_one():
    head = RefineNetHead(in_channels=(64, 64, 64, 64), channels=32, top_channels=64, num_classes=8)
    head.init_weights()
    weights = torch.cat([p.flatten() for p in head.parameters() if p.ndim == 4])
    assert float(weights.std()) == pytest.approx(0.01, rel=0.01)
    assert all(float(p.detach().abs().max()) == 0 for p in head.parameters() if p.ndim == 1)


def test_dropout_of_the_two_deepest_stages_and_the_classifier():
    head = RefineNetHead(dropout_ratio=0.5, **NARROW).train()
    seen = []
    head.dropout.register_forward_hook(lambda m, args, out: seen.append((args[0], out)))
    maps = [torch.ones(1, c, 8, 8) for c in NARROW['in_channels']]
    head(maps)
    assert [x.shape[1] for x, _ in seen] == [6, 7, 3]
    kept = seen[0][1][0, 0]  # single values go, not whole channels
    assert set(kept.flatten().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(in_channels=(4,), in_index=(0,)), r'in_channels=\(4,\)'),
        (dict(crp_blocks=-1), 'crp_blocks=-1'),
        (dict(top_channels=2), 'top_channels=2 must be at least channels=3'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        RefineNetHead(**dict(NARROW, **kwargs))
