"""VGG16DeepLab: against a plain chain of operations, published sizes, torchvision's weights."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS

from mmdegrade.models.backbones.vgg16_deeplab import VGG16DeepLab, vgg16_deeplab_taps

SMALL = dict(base_channels=2, fc_channels=4, dropout_ratio=0)
CONVS = ['1_1', '1_2', '2_1', '2_2', '3_1', '3_2', '3_3', '4_1', '4_2', '4_3', '5_1', '5_2', '5_3']
# torchvision: a convolution and a ReLU each, a pooling after every block.
NUMBERS = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]


def torchvision_shapes(base: int = 64, fc: int = 4096, classes: int = 1000) -> dict:
    """Public keys of ``torchvision.models.vgg16`` and their shapes."""
    shapes, before = {}, 3
    for name, number in zip(CONVS, NUMBERS, strict=True):
        width = base * min(8, 2 ** (int(name[0]) - 1))
        shapes[f'features.{number}.weight'] = (width, before, 3, 3)
        shapes[f'features.{number}.bias'] = (width,)
        before = width
    for number, inside, out in ((0, 49 * before, fc), (3, fc, fc), (6, fc, classes)):
        shapes[f'classifier.{number}.weight'] = (out, inside)
        shapes[f'classifier.{number}.bias'] = (out,)
    return shapes


def test_the_list_of_public_keys_is_torchvisions():
    models = pytest.importorskip('torchvision.models')
    with torch.device('meta'):
        state = models.vgg16(weights=None, init_weights=False).state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == torchvision_shapes()


def spread(weight, rate):
    """The ordinary kernel that a dilated 3x3 kernel stands for."""
    wide = weight.new_zeros((*weight.shape[:2], 2 * rate + 1, 2 * rate + 1))
    wide[..., ::rate, ::rate] = weight
    return wide


def test_equals_a_plain_chain_of_operations():
    net = VGG16DeepLab(**SMALL).eval()
    x = want = torch.randn(1, 3, 49, 57)
    for name in CONVS:
        conv = getattr(net, f'conv{name}')
        rate = 2 if name[0] == '5' else 1
        want = F.conv2d(want, spread(conv.weight, rate), conv.bias, padding=rate).relu()
        if name in ('1_2', '2_2', '3_3', '4_3', '5_3'):
            stride = 1 if name[0] in '45' else 2
            padded = F.pad(want, (1, 1, 1, 1), value=-torch.inf)
            want = F.max_pool2d(padded, 3, stride)
    outputs = net(x)
    assert want.shape == (1, 16, 7, 8) and len(outputs) == 4
    for k, (out, rate) in enumerate(zip(outputs, (6, 12, 18, 24), strict=True), start=1):
        fc6, fc7 = getattr(net, f'fc6_{k}'), getattr(net, f'fc7_{k}')
        y = F.conv2d(want, spread(fc6.weight, rate), fc6.bias, padding=rate).relu()
        y = torch.einsum('oi,nihw->nohw', fc7.weight[..., 0, 0], y) + fc7.bias[:, None, None]
        torch.testing.assert_close(out, y.relu(), rtol=1e-4, atol=1e-5)


def test_full_size_parameter_counts():
    """LargeFOV with 21 classes: the 20.5 M of the papers' table on the field of view."""
    with torch.device('meta'):
        largefov, aspp = VGG16DeepLab(dilations=(12,)), VGG16DeepLab()

    def count(net):
        return sum(p.numel() for p in net.parameters())

    branch = (9 * 512 + 1) * 1024 + (1024 + 1) * 1024
    assert count(largefov) == 14_714_688 + branch
    assert count(aspp) == 14_714_688 + 4 * branch
    assert round((count(largefov) + 1025 * 21) / 1e6, 1) == 20.5


@pytest.mark.parametrize('size', [(1, 40), (321, 321), (66, 47)])
def test_sizes(size):
    with torch.device('meta'):
        outs = VGG16DeepLab(**SMALL)(torch.empty(2, 3, *size))
    want = []
    for n in size:
        for _ in range(3):
            n = -(-(n - 1) // 2) + 1
        want.append(n)
    assert [tuple(o.shape) for o in outs] == [(2, 4, *want)] * 4
    assert size != (321, 321) or want == [41, 41]  # as published


def test_public_keys_fill_every_parameter():
    with torch.device('meta'):
        net = VGG16DeepLab()
        state = {key: torch.empty(shape) for key, shape in torchvision_shapes().items()}
    net.load_state_dict(state, strict=True)  # no key missing, none left over


def test_torchvision_weights(tmp_path):
    torch.manual_seed(0)
    state = {key: torch.rand(shape) + 1 for key, shape in torchvision_shapes(base=2, fc=16).items()}
    path = tmp_path / 'vgg16.pth'
    torch.save(state, path)
    init = dict(type='Pretrained', checkpoint=str(path))
    net = MODELS.build(dict(type='VGG16DeepLab', init_cfg=init, **SMALL))
    net.init_weights()
    for name, number in zip(CONVS, NUMBERS, strict=True):
        conv = getattr(net, f'conv{name}')
        assert torch.equal(conv.weight, state[f'features.{number}.weight'])
        assert torch.equal(conv.bias, state[f'features.{number}.bias'])
    wide = state['classifier.0.weight'].reshape(16, 16, 7, 7)
    for k in (1, 2, 3, 4):
        fc6, fc7 = getattr(net, f'fc6_{k}'), getattr(net, f'fc7_{k}')
        for o in range(4):  # every 4th filter
            assert fc6.bias[o] == state['classifier.0.bias'][4 * o]
            assert fc7.bias[o] == state['classifier.3.bias'][4 * o]
            for i in range(4):
                assert fc7.weight[o, i, 0, 0] == state['classifier.3.weight'][4 * o, 4 * i]
            for y in range(3):
                for x in range(3):  # every 3rd tap
                    assert torch.equal(fc6.weight[o, :, y, x], wide[4 * o, :, 3 * y, 3 * x])
    assert (
        min(float(p.detach().min()) for p in net.parameters()) >= 1
    )  # nothing kept its random start


def test_width_that_cannot_be_filled():
    net = VGG16DeepLab(base_channels=2, fc_channels=5)
    state = {k: torch.zeros(s) for k, s in torchvision_shapes(base=2, fc=16).items()}
    with pytest.raises(ValueError, match='fc_channels=5 cannot be filled from the 16 filters'):
        net.load_state_dict(state)


def test_own_state_dict_round_trip():
    one, two = VGG16DeepLab(**SMALL), VGG16DeepLab(**SMALL)
    two.load_state_dict(one.state_dict(), strict=True)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_gradients_reach_every_parameter():
    net = VGG16DeepLab(**SMALL)
    sum(out.square().sum() for out in net(torch.randn(1, 3, 48, 48))).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_taps():
    assert vgg16_deeplab_taps('b6', prefix='', branches=2) == {
        'b6': ['relu6_1', 'relu6_2', 'relu7_1', 'relu7_2']
    }
    net = VGG16DeepLab(**SMALL)
    blocks = vgg16_deeplab_taps('b1', 'conv', prefix='')
    assert {name for names in blocks.values() for name in names} == {
        name for name, module in net.named_modules() if isinstance(module, torch.nn.Conv2d)
    }
    with pytest.raises(ValueError, match="start='b7'"):
        vgg16_deeplab_taps('b7')


@pytest.mark.parametrize('frozen', [0, 5, 6])
def test_frozen_blocks(frozen):
    net = VGG16DeepLab(frozen_blocks=frozen, **SMALL)
    for number, convs in enumerate(vgg16_deeplab_taps('b1', 'conv', '').values(), start=1):
        grads = {p.requires_grad for conv in convs for p in getattr(net, conv).parameters()}
        assert grads == {number > frozen}


def test_dropout_only_in_training():
    net = VGG16DeepLab(**dict(SMALL, dropout_ratio=1.0))
    x = torch.randn(1, 3, 32, 32)
    assert all(out.abs().max() == 0 for out in net.train()(x))
    assert all(out.abs().max() > 0 for out in net.eval()(x))


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(dilations=()), r'dilations=\(\)'),
        (dict(dilations=(6, 0)), r'dilations=\(6, 0\)'),
        (dict(dropout_ratio=2), 'dropout_ratio=2'),
        (dict(frozen_blocks=7), 'frozen_blocks=7'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        VGG16DeepLab(**dict(SMALL, **kwargs))
