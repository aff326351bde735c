"""Discriminators: parameter counts, layers, sizes, windows."""

import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from mmdegrade.models.discriminators import FeatureDiscriminator, PatchDiscriminator
from mmdegrade.models.losses.adversarial import adversarial_loss


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def conv(before: int, after: int) -> int:
    return 16 * before * after + after


def test_published_parameter_counts():
    """UBCN's is published; PatchGAN's is that of CycleGAN without affine normalisation."""
    widths = (2048, 64, 128, 256, 512, 512, 1)
    convs = sum(conv(a, b) for a, b in zip(widths, widths[1:], strict=False))
    norms = 2 * (128 + 256 + 512 + 512)
    with torch.device('meta'):
        assert count(FeatureDiscriminator()) == convs + norms == 9_056_449
        assert count(PatchDiscriminator()) == 2_764_737
    widths = (3, 64, 128, 256, 512, 1)
    assert sum(conv(a, b) for a, b in zip(widths, widths[1:], strict=False)) == 2_764_737


def test_layers_of_the_feature_discriminator():
    with torch.device('meta'):
        layers = list(FeatureDiscriminator().layers)
    kinds = 'c r c n r c n r c n r c n r c'.split()
    names = dict(c=nn.Conv2d, r=nn.LeakyReLU, n=nn.BatchNorm2d)
    assert [type(layer) for layer in layers] == [names[kind] for kind in kinds]
    convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [layer.stride[0] for layer in convs] == [2, 2, 2, 2, 1, 1]
    assert all(layer.kernel_size == (4, 4) and layer.padding == (1, 1) for layer in convs)
    assert all(layer.negative_slope == 0.2 for layer in layers if isinstance(layer, nn.LeakyReLU))


def test_sizes():
    """A 4×4 convolution of padding 1 leaves ⌊side / 2⌋, or side − 1 without stride."""
    features = FeatureDiscriminator(in_channels=4)
    assert features(torch.zeros(1, 4, 64, 97)).shape == (1, 1, 2, 4)
    assert features.least_side == 48
    patches = PatchDiscriminator(width=4)
    assert patches(torch.zeros(2, 3, 64, 80)).shape == (2, 1, 6, 8)


@pytest.mark.parametrize('name', ['FeatureDiscriminator', 'PatchDiscriminator'])
def test_smallest_input_works_and_a_smaller_one_is_refused(name):
    given = dict(in_channels=3, strides=(2, 1, 1, 1, 1, 1)) if name[0] == 'F' else dict(width=4)
    part = MODELS.build(dict(type=name, **given)).eval()
    side = part.least_side
    assert part(torch.zeros(1, 3, side, side)).shape == (1, 1, 1, 1)
    with pytest.raises(ValueError, match=f'allowed: from {side}x{side}'):
        part(torch.zeros(1, 3, side - 1, side))
    with pytest.raises(ValueError, match=r'in_channels=3, but the input is \(1, 4,'):
        part(torch.zeros(1, 4, side, side))


@pytest.mark.parametrize(('layers', 'window'), [(1, 16), (2, 34), (3, 70)])
def test_windows(layers, window):
    """How many pixels a score depends on (70 in Isola et al.), but for the normalisation."""
    part = PatchDiscriminator(width=2, layers=layers).double()
    plain = nn.Sequential(*(x for x in part.layers if not isinstance(x, nn.InstanceNorm2d)))
    image = torch.rand(1, 3, 160, 160, dtype=torch.float64, requires_grad=True)
    scores = plain(image)
    middle = scores.shape[-1] // 2
    scores[0, 0, middle, middle].backward()
    rows = image.grad.abs().sum((0, 1, 3)).nonzero()
    assert rows.max() - rows.min() + 1 == window


def test_a_score_does_not_depend_on_the_batch():
    part, images = PatchDiscriminator(width=4), torch.rand(3, 3, 40, 40)
    assert torch.allclose(part(images)[1:2], part(images[1:2]), atol=1e-6)
    batched = PatchDiscriminator(width=4, norm='BN')
    assert not torch.allclose(batched(images)[1:2], batched(images[1:2]), atol=1e-3)


def test_adversarial_loss_is_binary_cross_entropy():
    logits = torch.randn(2, 1, 3, 3, dtype=torch.float64) * 5
    for real in (True, False):
        expected = nn.functional.binary_cross_entropy(
            torch.sigmoid(logits), torch.full_like(logits, float(real))
        )
        assert adversarial_loss(logits, real).item() == pytest.approx(expected.item(), rel=1e-9)
    assert adversarial_loss(torch.zeros(1), True).item() == pytest.approx(0.6931472)
    assert torch.isfinite(adversarial_loss(torch.tensor([1e4, -1e4]), False))


@pytest.mark.parametrize(
    ('part', 'match'),
    [
        (dict(type='FeatureDiscriminator', strides=(2, 2)), r'strides=\(2, 2\); allowed: 6'),
        (dict(type='FeatureDiscriminator', in_channels=0), 'channels'),
        (dict(type='PatchDiscriminator', norm='LN'), "norm='LN'"),
        (dict(type='PatchDiscriminator', layers=0), 'layers=0'),
    ],
)
def test_wrong_settings(part, match):
    with pytest.raises(ValueError, match=match):
        MODELS.build(part)
