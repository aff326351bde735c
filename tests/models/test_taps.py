"""Feature taps: names resolve, maps are the layers' outputs, mistakes are named."""

import pytest
import torch
from torch import nn

from mmdegrade.models.taps import FeatureTap, ForwardStopped, resolve_taps


class Backbone(nn.Module):
    def __init__(self, inplace=False):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layer = nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1))
        self.relu = nn.ReLU(inplace=inplace)
        self.down = nn.Conv2d(4, 6, 3, stride=2, padding=1)

    def forward(self, x):
        x = self.layer(self.stem(x))
        x = self.relu(x)
        return x, self.down(x)


class Net(nn.Module):
    def __init__(self, **kwargs):
        super().__init__()
        self.backbone = Backbone(**kwargs)
        self.head = nn.Conv2d(6, 2, 1)
        self.head_calls = 0

    def forward(self, x):
        out = self.backbone(x)[-1]
        self.head_calls += 1
        return self.head(out)


X = torch.ones(1, 3, 8, 8)


def test_patterns_and_block_names():
    net = Net()
    assert resolve_taps(net, ['backbone.layer.*']) == {
        'layer': ['backbone.layer.0', 'backbone.layer.1']
    }
    assert resolve_taps(net, {'b4': ['backbone.layer.1', 'backbone.layer.0']}) == {
        'b4': ['backbone.layer.0', 'backbone.layer.1']  # in the order of the network
    }
    assert resolve_taps(net, ['backbone.*'])['backbone'] == [
        'backbone.stem', 'backbone.layer', 'backbone.relu', 'backbone.down',
    ]  # fmt: skip


def test_reads_the_outputs_and_forgets_them():
    net = Net()
    tap = FeatureTap(net, {'a': ['backbone.layer.*'], 'b': 'backbone.down'})
    net(X)
    maps = tap.read()
    first = net.backbone.layer[0](net.backbone.stem(X))
    assert torch.equal(maps['a'][0], first)
    assert torch.equal(maps['a'][1], net.backbone.layer[1](first))
    assert maps['b'][0].shape == (1, 6, 4, 4)
    tap.clear()
    with pytest.raises(RuntimeError, match='did not run'):
        tap.read()


def test_captures_the_last_call():
    net = Net()
    tap = FeatureTap(net, ['backbone.layer.0'])
    net(X)
    net(2 * X)
    expected = net.backbone.layer[0](net.backbone.stem(2 * X))
    assert torch.equal(tap.blocks and tap._maps['backbone.layer.0'][0], expected)


def test_out_indices():
    net = Net()
    tap = FeatureTap(net, 'out_indices')
    net(X)
    maps = tap.read()
    assert {name: tuple(m[0].shape) for name, m in maps.items()} == {
        'out0': (1, 4, 8, 8), 'out1': (1, 6, 4, 4),
    }  # fmt: skip
    tap = FeatureTap(net, ['out_indices.1'])
    net(X)
    assert tap.read()['out_indices1'][0].shape == (1, 6, 4, 4)
    FeatureTap(net, ['out_indices.7'])
    with pytest.raises(ValueError, match='returns 2 maps'):
        net(X)


def test_stops_after_the_last_tap():
    net = Net()
    tap = FeatureTap(net, ['backbone.layer.*'], stop_after_last=True)
    with pytest.raises(ForwardStopped):
        net(X)
    assert net.head_calls == 0
    assert len(tap.read()['layer']) == 2


def test_in_place_overwrite_is_named():
    net = Net(inplace=True)
    tap = FeatureTap(net, ['backbone.layer.1'])
    net(X)
    with pytest.raises(RuntimeError, match=r"'backbone.layer.1' was overwritten by an in-place"):
        tap.read()


def test_remove_takes_the_hooks_off():
    net = Net()
    tap = FeatureTap(net, 'out_indices')
    other = FeatureTap(net, ['backbone.layer.0'])
    for each in (tap, other):
        each.remove()
    assert not any(module._forward_hooks for module in net.modules())


def test_errors():
    net = Net()
    with pytest.raises(ValueError, match=r"'backbone.layr.0' matches no module.*backbone.layer.0"):
        FeatureTap(net, ['backbone.layr.0'])
    with pytest.raises(ValueError, match='names no layer'):
        FeatureTap(net, [])
    for wrong in (3, [3], dict(b=3), dict(b=['backbone.relu', None])):
        with pytest.raises(ValueError, match='must be the name of a module or a list of names'):
            FeatureTap(net, wrong)
    tap = FeatureTap(net, {'b': ['backbone.relu', 'backbone.down']})
    net(X)
    with pytest.raises(ValueError, match=r"block 'b' mixes shapes \(backbone.relu \(1, 4, 8, 8\)"):
        tap.read()
    FeatureTap(net, ['backbone'])
    with pytest.raises(ValueError, match="'backbone' gives tuple"):
        net(X)
