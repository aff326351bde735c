"""DeepLabV2Head: logits are the sum of plain convolutions; sizes, start, errors."""

import pytest
import torch
import torch.nn.functional as F

from mmdegrade.models.decode_heads import DeepLabV2Head


def spread(weight, rate):
    """The ordinary kernel that a dilated 3x3 kernel stands for."""
    wide = weight.new_zeros((*weight.shape[:2], 2 * rate + 1, 2 * rate + 1))
    wide[..., ::rate, ::rate] = weight
    return wide


def test_is_the_sum_of_dilated_convolutions_of_one_map():
    head = DeepLabV2Head(in_channels=5, num_classes=3)
    x = torch.randn(2, 5, 11, 7)
    want = 0
    for conv, rate in zip(head.conv_seg, (6, 12, 18, 24), strict=True):
        want = want + F.conv2d(x, spread(conv.weight, rate), conv.bias, padding=rate)
    torch.testing.assert_close(head((None, x)), want, rtol=1e-4, atol=1e-5)


def test_one_classifier_for_each_map():
    head = DeepLabV2Head(in_channels=(4, 4), dilations=(6, 12), kernel_size=1, num_classes=3)
    maps = tuple(torch.randn(2, 4, 5, 6) for _ in range(2))
    want = 0
    for conv, x in zip(head.conv_seg, maps, strict=True):
        weighted = torch.einsum('ki,nihw->nkhw', conv.weight[..., 0, 0], x)
        want = want + weighted + conv.bias[:, None, None]
    torch.testing.assert_close(head(maps), want)


def test_large_fov_is_one_convolution():
    head = DeepLabV2Head(in_channels=4, dilations=(12,), num_classes=3)
    x = torch.randn(1, 4, 9, 9)
    (conv,) = head.conv_seg
    assert conv.dilation == (12, 12)
    assert torch.equal(head((x,)), conv(x))


def test_parameter_counts():
    """ResNet-101 with 21 classes: 44,048,532 = ResNet-101 without fc + 4 (9 * 2048 + 1) 21."""
    with torch.device('meta'):
        head = DeepLabV2Head(num_classes=21)
    count = sum(p.numel() for p in head.parameters())
    assert count == 4 * (9 * 2048 + 1) * 21
    resnet101 = 44_549_160 - 2049 * 1000  # torchvision's published count, without its classifier
    assert resnet101 + count == 44_048_532


def test_start_is_the_published_one():
    head = DeepLabV2Head(in_channels=256, num_classes=21)
    head.init_weights()
    for conv in head.conv_seg:
        assert float(conv.weight.std()) == pytest.approx(0.01, rel=0.02)
        assert float(conv.bias.detach().abs().max()) == 0


def test_gradients_reach_every_parameter():
    head = DeepLabV2Head(in_channels=4, dilations=(1, 2), num_classes=3)
    head((torch.randn(1, 4, 9, 9),)).square().sum().backward()
    assert len(list(head.parameters())) == 4
    assert all(p.grad.abs().sum() > 0 for p in head.parameters())


@pytest.mark.parametrize('in_channels', [4, (4, 4)])
def test_dropout_takes_whole_channels_in_training_only(in_channels):
    head = DeepLabV2Head(
        in_channels=in_channels, dilations=(1, 2), dropout_ratio=1 - 1e-9, num_classes=3
    )
    x = torch.randn(1, 4, 9, 9)
    bias = sum(conv.bias for conv in head.conv_seg)[None, :, None, None]
    torch.testing.assert_close(head.train()((x, x)), bias.expand(1, 3, 9, 9))
    assert not torch.allclose(head.eval()((x, x)), bias.expand(1, 3, 9, 9))


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(dilations=()), r'dilations=\(\)'),
        (dict(dilations=(-6,)), r'dilations=\(-6,\)'),
        (dict(kernel_size=2), 'kernel_size=2'),
        (dict(in_channels=(4, 4)), r'in_channels=\(4, 4\) must be one width'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        DeepLabV2Head(**dict(dict(in_channels=4, num_classes=3), **kwargs))
