"""VGG16FCN: against torchvision's VGG16, weight loading, taps, sizes, errors."""

import mmdegrade  # noqa: F401,I001  first: makes torchvision importable on CPU builds of torch

import pytest
import torch
from mmengine.model import BaseModule
from mmseg.registry import MODELS

from mmdegrade.models.backbones.vgg16_fcn import (
    VGG16_FCN_BLOCKS,
    VGG16FCN,
    vgg16_fcn_min_pad,
    vgg16_fcn_taps,
)

SMALL = dict(base_channels=2, fc_channels=8)


@pytest.fixture(scope='module')
def torchvision_vgg():
    """torchvision's VGG16 with random weights, narrowed after pool5 (fc width 16) for speed."""
    models = pytest.importorskip('torchvision.models')
    torch.manual_seed(0)
    vgg = models.vgg16(weights=None, init_weights=False)
    vgg.classifier[0] = torch.nn.Linear(25088, 16)
    vgg.classifier[3] = torch.nn.Linear(16, 16)
    vgg.classifier[6] = torch.nn.Linear(16, 10)
    return vgg.eval()


@pytest.mark.parametrize('wrapped', [False, True])
def test_equals_torchvision(torchvision_vgg, wrapped):
    net = VGG16FCN(pad=1, fc_channels=16).eval()
    state = torchvision_vgg.state_dict()
    if wrapped:
        outer = BaseModule()
        outer.backbone = net
        outer.load_state_dict({f'backbone.{k}': v for k, v in state.items()}, strict=True)
    else:
        net.load_state_dict(state, strict=True)
    assert 'features.0.weight' in state  # the caller's dict is left alone
    if wrapped:
        torch.testing.assert_close(net.conv5_3.bias, torchvision_vgg.features[28].bias)
        return

    x = torch.randn(1, 3, 224, 224)
    seen = {}
    for name in ('pool5', 'relu6', 'relu7'):
        getattr(net, name).register_forward_hook(
            lambda m, i, out, name=name: seen.__setitem__(name, out)
        )
    with torch.no_grad():
        pool3, pool4, top = net(x)
        features = torchvision_vgg.features(x)
        fc6 = torchvision_vgg.classifier[0](features.flatten(1)).relu()
        fc7 = torchvision_vgg.classifier[3](fc6).relu()
        assert torch.equal(pool3, torchvision_vgg.features[:17](x))
        assert torch.equal(pool4, torchvision_vgg.features[17:24](pool3))
    assert torch.equal(seen['pool5'], features)
    torch.testing.assert_close(seen['relu6'].flatten(1), fc6)
    torch.testing.assert_close(seen['relu7'].flatten(1), fc7)
    assert torch.equal(top, seen['relu7'])  # dropout is off in eval mode
    assert fc7.abs().max() > 0


def test_pretrained_init_cfg(torchvision_vgg, tmp_path):
    path = tmp_path / 'vgg16.pth'
    torch.save(torchvision_vgg.state_dict(), path)
    net = MODELS.build(
        dict(
            type='VGG16FCN', fc_channels=16, init_cfg=dict(type='Pretrained', checkpoint=str(path))
        )
    )
    net.init_weights()
    assert torch.equal(net.conv1_1.weight, torchvision_vgg.features[0].weight)
    assert torch.equal(net.fc6.weight.flatten(1), torchvision_vgg.classifier[0].weight)
    assert torch.equal(net.fc7.bias, torchvision_vgg.classifier[3].bias)


def test_own_state_dict_round_trip():
    one, two = VGG16FCN(**SMALL), VGG16FCN(**SMALL)
    two.load_state_dict(one.state_dict(), strict=True)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_missing_keys_are_reported():
    with pytest.raises(RuntimeError, match='fc7.weight'):
        net = VGG16FCN(**SMALL)
        state = {k: v for k, v in net.state_dict().items() if not k.startswith('fc7')}
        net.load_state_dict(state, strict=True)


def test_full_size_parameter_count():
    """By hand: sum of (k*k*in + 1) * out. The meta device allocates nothing."""
    with torch.device('meta'):
        net = VGG16FCN()
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    convs = sum((9 * a + 1) * b for a, b in zip(widths[:-1], widths[1:], strict=True))
    assert convs == 14_714_688
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in net.named_children()}
    assert count['fc6'] == (49 * 512 + 1) * 4096 == 102_764_544
    assert count['fc7'] == (4096 + 1) * 4096 == 16_781_312
    assert sum(count.values()) == convs + count['fc6'] + count['fc7']


@pytest.mark.parametrize(
    ('pad', 'fc6_pad', 'size'),
    [(100, 0, (1, 40)), (69, 0, (57, 70)), (1, 3, (33, 47)), (5, 2, (90, 64))],
)
def test_sizes(pad, fc6_pad, size):
    outs = VGG16FCN(pad=pad, fc6_pad=fc6_pad, **SMALL)(torch.zeros(1, 3, *size))
    for out, stride, extra in zip(outs, (8, 16, 32), (0, 0, 2 * fc6_pad - 6), strict=True):
        want = [-(-(n + 2 * pad - 2) // stride) + extra for n in size]
        assert list(out.shape[2:]) == want
    assert [o.shape[1] for o in outs] == [8, 16, 8]


def test_caffe_size_at_500():
    """The published net: a 500 px side gives pool3 88, pool4 44, pool5 22, fc6 16."""
    with torch.device('meta'):
        outs = VGG16FCN()(torch.empty(1, 3, 500, 500))
    assert [o.shape[-1] for o in outs] == [88, 44, 16]


def test_image_too_small():
    net = VGG16FCN(pad=69, **SMALL)
    with pytest.raises(ValueError, match='at least 57 px'):
        net(torch.zeros(1, 3, 56, 80))


def test_taps_exist_and_share_shape_within_a_block():
    net = VGG16FCN(pad=1, fc6_pad=3, **SMALL).eval()
    for tap in ('relu', 'conv'):
        blocks = vgg16_fcn_taps('b1', tap, prefix='')
        shapes = {}
        handles = [
            net.get_submodule(name).register_forward_hook(
                lambda m, i, out, name=name, to=shapes: to.__setitem__(name, out.shape)
            )
            for names in blocks.values()
            for name in names
        ]
        net(torch.zeros(1, 3, 32, 32))
        for names in blocks.values():
            assert len({shapes[name] for name in names}) == 1
        for handle in handles:
            handle.remove()
    assert sum(len(v) for v in blocks.values()) == 15


def test_taps_values():
    assert vgg16_fcn_taps() == {
        'b4': ['backbone.relu4_1', 'backbone.relu4_2', 'backbone.relu4_3'],
        'b5': ['backbone.relu5_1', 'backbone.relu5_2', 'backbone.relu5_3'],
        'b6': ['backbone.relu6', 'backbone.relu7'],
    }
    assert vgg16_fcn_taps('b6', 'conv', '') == {'b6': ['fc6', 'fc7']}
    with pytest.raises(ValueError, match="start='b7'"):
        vgg16_fcn_taps('b7')
    with pytest.raises(ValueError, match="tap='bn'"):
        vgg16_fcn_taps(tap='bn')


@pytest.mark.parametrize('inplace', [False, True])
def test_conv_taps_survive_only_without_inplace(inplace):
    net = VGG16FCN(pad=1, fc6_pad=3, inplace=inplace, **SMALL)
    seen = []
    net.conv4_2.register_forward_hook(lambda m, i, out: seen.append((out, out._version)))
    net(torch.randn(1, 3, 32, 32))
    ((out, version),) = seen
    assert (out._version != version) is inplace
    assert bool((out < 0).any()) is not inplace


@pytest.mark.parametrize('frozen', [0, 2, 6])
def test_frozen_blocks(frozen):
    net = VGG16FCN(frozen_blocks=frozen, **SMALL)
    for number, convs in enumerate(VGG16_FCN_BLOCKS.values(), start=1):
        for conv in convs:
            grads = {p.requires_grad for p in getattr(net, conv).parameters()}
            assert grads == {number > frozen}


def test_dropout_only_in_training():
    net = VGG16FCN(pad=1, fc6_pad=3, dropout_ratio=1.0, **SMALL)
    x = torch.randn(1, 3, 32, 32)
    assert net.train()(x)[2].abs().max() == 0
    assert net.eval()(x)[2].abs().max() > 0


def test_default_init_keeps_the_signal():
    torch.manual_seed(0)
    net = VGG16FCN(pad=1, fc6_pad=3, base_channels=8, fc_channels=32).eval()
    net.init_weights()
    with torch.no_grad():
        scale = net(torch.randn(1, 3, 64, 64))[2].std()
    assert 1e-2 < scale < 1e2


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(pad=-1), 'pad=-1'),
        (dict(pad=2.5), 'pad=2.5'),
        (dict(fc6_pad=4), 'fc6_pad=4'),
        (dict(dropout_ratio=2), 'dropout_ratio=2'),
        (dict(frozen_blocks=7), 'frozen_blocks=7'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        VGG16FCN(**SMALL, **kwargs)


def test_min_pad():
    assert [vgg16_fcn_min_pad(q) for q in range(4)] == [69, 37, 5, 1]
