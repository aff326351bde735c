"""DLA: published sizes, trees written out, the authors' keys, sizes, errors."""

import pytest
import torch
import torch.nn.functional as F
from mmseg.registry import MODELS

from mmdegrade.models.backbones.dla import DLA, DLATree, dla_unit_patterns
from mmdegrade.models.taps import resolve_taps

NARROW = (2, 3, 4, 6, 8, 10)
# The authors' models: kind, tree depths of levels 2 to 5, widths of levels 0 to 5.
BASIC = (16, 32, 64, 128, 256, 512)
BOTTLENECK = (16, 32, 128, 256, 512, 1024)
AUTHORS = {
    34: ('basic', (1, 2, 2, 1), BASIC),
    60: ('bottleneck', (1, 2, 3, 1), BOTTLENECK),
    102: ('bottleneck', (1, 3, 4, 1), BOTTLENECK),
    169: ('bottleneck', (2, 3, 5, 1), BOTTLENECK),
}
# With the 1000-class 1x1 convolution: as timm counts it, and as the authors build it, with
# projections that no forward pass uses. Both from imgclsmob, which checks them.
PUBLISHED = {
    34: (15_742_104, 15_783_832),
    60: (22_036_632, 22_334_104),
    102: (33_268_888, 33_731_736),
    169: (53_389_720, 53_989_016),
}


def authors_shapes(depth: int, channels=None) -> dict:
    """Keys of ``dla34-ba72cf86.pth`` and its kin, and their shapes."""
    kind, tree_depths, published = AUTHORS[depth]
    channels = channels or published
    shapes = {}

    def norm(name, width):
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{name}.{part}'] = (width,)
        shapes[f'{name}.num_batches_tracked'] = ()

    def unit(name, before, width):
        inner = width // 2
        convs = [(before, width, 3), (width, width, 3)]
        if kind == 'bottleneck':
            convs = [(before, inner, 1), (inner, inner, 3), (inner, width, 1)]
        for i, (a, b, k) in enumerate(convs, start=1):
            shapes[f'{name}.conv{i}.weight'] = (b, a, k, k)
            norm(f'{name}.bn{i}', b)

    def tree(name, levels, before, width, seen):
        """``seen``: summed widths of what the last root sees beside its own two units."""
        if levels == 1:
            unit(f'{name}.tree1', before, width)
            unit(f'{name}.tree2', width, width)
            shapes[f'{name}.root.conv.weight'] = (width, 2 * width + seen, 1, 1)
            norm(f'{name}.root.bn', width)
        else:
            tree(f'{name}.tree1', levels - 1, before, width, 0)
            tree(f'{name}.tree2', levels - 1, width, width, seen + width)
        if before != width:  # at every depth; used at the lowest only
            shapes[f'{name}.project.0.weight'] = (width, before, 1, 1)
            norm(f'{name}.project.1', width)

    for name, before, width, kernel in (
        ('base_layer', 3, channels[0], 7),
        ('level0', channels[0], channels[0], 3),
        ('level1', channels[0], channels[1], 3),
    ):
        shapes[f'{name}.0.weight'] = (width, before, kernel, kernel)
        norm(f'{name}.1', width)
    for level, levels in enumerate(tree_depths, start=2):
        before = channels[level - 1]
        tree(f'level{level}', levels, before, channels[level], before if level > 2 else 0)
    shapes['fc.weight'] = (1000, channels[5], 1, 1)
    shapes['fc.bias'] = (1000,)
    return shapes


def is_parameter(key: str) -> bool:
    return key.endswith(('.weight', '.bias'))


@pytest.mark.parametrize('depth', AUTHORS)
def test_parameter_counts(depth):
    timm, authors = PUBLISHED[depth]
    with torch.device('meta'):
        net = DLA(depth)
    count = sum(p.numel() for p in net.parameters())
    assert count + (AUTHORS[depth][2][5] + 1) * 1000 == timm
    shapes = authors_shapes(depth)
    numel = {key: torch.Size(shape).numel() for key, shape in shapes.items()}
    assert sum(n for key, n in numel.items() if is_parameter(key)) == authors


@pytest.mark.parametrize('depth', AUTHORS)
def test_public_keys_fill_every_parameter(depth):
    with torch.device('meta'):
        net = DLA(depth)
        state = {key: torch.empty(shape) for key, shape in authors_shapes(depth).items()}
    net.load_state_dict(state, strict=True)  # no key missing, none left over
    assert 'fc.weight' in state  # the caller's dict is left alone


def test_authors_weights(tmp_path):
    shapes = authors_shapes(60, NARROW)
    torch.manual_seed(0)
    state = {key: torch.rand(shape) + 2 for key, shape in shapes.items()}
    path = tmp_path / 'dla60.pth'
    torch.save(state, path)
    init = dict(type='Pretrained', checkpoint=str(path))
    net = MODELS.build(dict(type='DLA', depth=60, channels=NARROW, init_cfg=init))
    net.init_weights()
    for key, value in net.state_dict().items():
        if not key.endswith('num_batches_tracked'):
            assert torch.equal(value, state[key]), key
    dropped = set(shapes) - set(net.state_dict())
    assert {key.rpartition('.')[0] for key in dropped if is_parameter(key)} == {
        'fc', 'level3.project.0', 'level3.project.1', 'level4.project.0', 'level4.project.1',
        'level4.tree1.project.0', 'level4.tree1.project.1',
    }  # fmt: skip


def test_foreign_keys_are_reported():
    net = DLA(34, channels=NARROW)
    with pytest.raises(RuntimeError, match='level2.project.0.weightt'):
        net.load_state_dict({**net.state_dict(), 'level2.project.0.weightt': torch.zeros(1)})
    with pytest.raises(RuntimeError, match='level5.root.bn.bias'):
        state = net.state_dict()
        state.pop('level5.root.bn.bias')
        net.load_state_dict(state)


def norm(x, bn):
    scale = bn.weight / (bn.running_var + bn.eps).sqrt()
    return x * scale[:, None, None] + (bn.bias - bn.running_mean * scale)[:, None, None]


def unit(x, shortcut, m, stride=1):
    """Basic unit from its weights."""
    y = norm(F.conv2d(x, m.conv1.weight, stride=stride, padding=1), m.bn1).relu()
    return (norm(F.conv2d(y, m.conv2.weight, padding=1), m.bn2) + shortcut).relu()


def root(m, *maps):
    return norm(F.conv2d(torch.cat(maps, 1), m.conv.weight), m.bn)


def random_norms(net):
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.5, 0.5)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    return net.eval().double()


@pytest.mark.parametrize('residual', [False, True])
def test_tree_of_depth_two_written_out(residual):
    """Figure 2f of the paper: the last root sees both its units, the input and the first tree."""
    tree = random_norms(
        DLATree(2, 'basic', 3, 4, stride=2, link_input=True, residual_root=residual)
    )
    x = torch.randn(1, 3, 8, 6, dtype=torch.float64)
    small = F.max_pool2d(x, 2)
    one, two = tree.tree1, tree.tree2
    projected = norm(F.conv2d(small, one.project[0].weight), one.project[1])
    a = unit(x, projected, one.tree1, stride=2)
    b = unit(a, a, one.tree2)
    first = (root(one.root, b, a) + (b if residual else 0)).relu()
    c = unit(first, first, two.tree1)
    d = unit(c, c, two.tree2)
    want = (root(two.root, d, c, small, first) + (d if residual else 0)).relu()
    torch.testing.assert_close(tree(x), want)


def test_bottleneck_written_out():
    tree = random_norms(DLATree(1, 'bottleneck', 4, 4, stride=2))
    x = torch.randn(1, 4, 6, 6, dtype=torch.float64)

    def bottleneck(x, shortcut, m, stride):
        y = norm(F.conv2d(x, m.conv1.weight), m.bn1).relu()
        y = norm(F.conv2d(y, m.conv2.weight, stride=stride, padding=1), m.bn2).relu()
        return (norm(F.conv2d(y, m.conv3.weight), m.bn3) + shortcut).relu()

    a = bottleneck(x, F.max_pool2d(x, 2), tree.tree1, 2)  # equal widths: no projection
    b = bottleneck(a, a, tree.tree2, 1)
    torch.testing.assert_close(tree(x), root(tree.root, b, a).relu())


def test_what_each_root_sees():
    """Widths that come together in level 4 of DLA-60, a tree of depth 3 (512, after 256)."""
    with torch.device('meta'):
        level = DLA(60).level4
    seen = {
        name: module.conv.in_channels
        for name, module in level.named_modules()
        if name.endswith('root')
    }
    assert seen == {
        'tree1.tree1.root': 2 * 512,
        'tree1.tree2.root': 2 * 512 + 512,  # + tree1.tree1
        'tree2.tree1.root': 2 * 512,
        'tree2.tree2.root': 2 * 512 + 256 + 512 + 512,  # + input, tree1, tree2.tree1
    }


def test_residual_roots_are_those_published():
    for depth, expected in ((34, False), (60, False), (102, True), (169, True)):
        with torch.device('meta'):
            nets = DLA(depth), DLA(depth, residual_root=not expected)
        for net, value in zip(nets, (expected, not expected), strict=True):
            roots = [m.residual for name, m in net.named_modules() if name.endswith('.root')]
            assert set(roots) == {value} and len(roots) >= 6


@pytest.mark.parametrize('size', [(64, 32), (65, 47), (1, 33)])
@pytest.mark.parametrize('depth', [34, 60])
def test_shapes_and_strides(depth, size):
    net = DLA(depth, channels=NARROW, out_indices=range(6)).eval()
    outs = net(torch.randn(1, 3, *size))
    want = [(1, c, *(-(-n // 2**i) for n in size)) for i, c in enumerate(NARROW)]
    assert [tuple(out.shape) for out in outs] == want


def test_out_indices_choose_levels():
    net = DLA(34, channels=NARROW, out_indices=(2, 4)).eval()
    assert net.out_channels == (4, 8)
    everything = DLA(34, channels=NARROW, out_indices=range(6)).eval()
    everything.load_state_dict(net.state_dict())
    x = torch.randn(1, 3, 32, 32)
    full = everything(x)
    assert all(torch.equal(a, full[i]) for a, i in zip(net(x), (2, 4), strict=True))


@pytest.mark.parametrize('depth', [34, 60, 102])
def test_gradients_reach_every_parameter(depth):
    net = DLA(depth, channels=NARROW)
    sum(out.square().sum() for out in net(torch.randn(2, 3, 64, 64))).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_start_is_the_authors():
    """N(0, 2 / (k * k * out)); BN 1 and 0."""
    net = DLA(34)
    net.init_weights()
    for conv in (net.base_layer[0], net.level4.tree1.tree2.conv2, net.level5.root.conv):
        variance = 2 / (conv.kernel_size[0] ** 2 * conv.out_channels)
        assert float(conv.weight.var()) == pytest.approx(variance, rel=0.1)
    for key, value in net.state_dict().items():
        if '.bn' in key or '.project.1' in key:
            assert float(value.float().abs().max()) == float(key.endswith(('weight', '_var')))


@pytest.mark.parametrize(('depth', 'units'), [(34, (2, 4, 4, 2)), (60, (2, 4, 8, 2))])
def test_unit_patterns(depth, units):
    """Trees of depth n hold 2**n residual units, and nothing else is named."""
    outer = torch.nn.Module()
    outer.backbone = DLA(depth, channels=NARROW)
    blocks = resolve_taps(outer, dla_unit_patterns(depth))
    assert list(blocks) == ['level2', 'level3', 'level4', 'level5']
    assert tuple(len(names) for names in blocks.values()) == units
    kinds = {type(outer.get_submodule(n)).__name__ for names in blocks.values() for n in names}
    assert kinds == {'DLAUnit'}


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(depth=46), r'depth=46 is not known; allowed: \[34, 60, 102, 169\]'),
        (dict(channels=(2, 3)), r'channels=\(2, 3\) must be six widths'),
        (dict(out_indices=()), r'out_indices=\(\)'),
        (dict(out_indices=(6,)), r'out_indices=\(6,\)'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        DLA(**kwargs)
