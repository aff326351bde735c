"""DDFN and DDFN+SFT: parameters, the layers read plainly, strips of rows, reach, conditions."""

import pytest
import torch
import torch.nn.functional as F

from mmdegrade.models.restorers import DDFN, TiledRestorer, ddfn_rows

K = 5


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def network(condition_channels=K, **arguments):
    """In float64, with weights that let every layer count."""
    torch.manual_seed(0)
    model = DDFN(condition_channels, **arguments).double()
    for name, parameter in model.named_parameters():
        if name.endswith('bias'):
            torch.nn.init.normal_(parameter, std=0.1)
    torch.nn.init.normal_(model.last.weight, std=0.1)
    return model


def example(n=2, size=(13, 9), channels=K, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.rand(n, 3, *size, generator=generator, dtype=torch.float64),
        torch.randn(n, channels, *size, generator=generator, dtype=torch.float64),
    )


def plain(model, y, condition=None):
    """The list of layers in the head of ddfn.py, with the model's weights."""
    weights = dict(model.named_parameters())

    def conv(name, x, dilation=1):
        weight = weights[f'{name}.weight']
        padding = dilation * (weight.shape[-1] // 2)
        return F.conv2d(x, weight, weights.get(f'{name}.bias'), 1, padding, dilation)

    def leaky(x):
        return torch.where(x > 0, x, 0.1 * x)

    def sft(name, x):
        if condition is None:
            return x
        scale, shift = (
            conv(f'{name}.{part}.2', leaky(conv(f'{name}.{part}.0', q)))
            for part in ('scale', 'shift')
        )
        return x * (scale + 1) + shift

    if condition is not None:
        q = condition
        for place in (0, 2, 4, 6, 8):
            q = conv(f'condition.{place}', q if place == 0 else leaky(q))
    a = conv('features.a.0', y).relu()
    b = conv('features.b.0', y, 2).relu()
    x = torch.cat([a, b, conv('features.c.0', b).relu(), conv('features.d.0', a, 2).relu()], 1)
    for i in range(8):
        block = f'blocks.{i}'
        h = conv(f'{block}.reduce.0', sft(f'{block}.sft', x)).relu()
        f1, f2 = conv(f'{block}.f1.0', h).relu(), conv(f'{block}.f2.0', h, 2).relu()
        f15, f25 = conv(f'{block}.f15.0', f1, 2).relu(), conv(f'{block}.f25.0', f2).relu()
        x = torch.cat([x, conv(f'{block}.fuse.0', torch.cat([f1, f15, f2, f25], 1)).relu()], 1)
    return conv('last', sft('sft', x))


def test_published_parameters():
    assert count(DDFN()) == 60784
    model = DDFN(condition_channels=19)
    assert count(model) == 114176
    transforms = [block.sft for block in model.blocks] + [model.sft]
    assert sum(map(count, transforms)) == 47808 and len(transforms) == 9
    assert count(model.condition) == 5584
    # A class more costs one more input channel of the condition network's first layer.
    assert count(DDFN(condition_channels=20)) - count(model) == 16


def test_initial_weights():
    torch.manual_seed(0)
    model = DDFN()
    assert float(model.last.weight.std()) == pytest.approx(0.001, rel=0.1)
    weight = model.blocks[0].f1[0].weight  # Kaiming, fan in: variance 2 / (9 · 32)
    assert float(weight.std()) == pytest.approx((2 / 288) ** 0.5, rel=0.05)
    assert all(
        not parameter.any() for name, parameter in model.named_parameters() if 'bias' in name
    )


@pytest.mark.parametrize('conditional', [True, False])
@pytest.mark.parametrize('size', [(1, 1), (2, 30), (13, 9), (40, 7)])
def test_it_is_the_layer_list(size, conditional):
    model = network(K if conditional else None)
    y, condition = example(size=size)
    condition = condition if conditional else None
    expected = plain(model, y, condition)
    assert float(expected.std()) > 0.05
    trained = model(y, condition)  # layer by layer, as gradients are wanted
    assert trained.requires_grad
    assert torch.allclose(trained, expected, rtol=0, atol=1e-12)
    with torch.no_grad():
        assert torch.allclose(model(y, condition), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize('rows', [8, 11, 30])
@pytest.mark.parametrize('conditional', [True, False])
def test_strips_change_nothing(monkeypatch, rows, conditional):
    """Images of many strips, with pieces that do not divide them."""
    width = 6
    monkeypatch.setitem(ddfn_rows._PIXELS, 'cpu', (rows * width, 13))
    model = network(K if conditional else None)
    for height in (1, rows - 1, rows, 3 * rows + 5, 150):
        y, condition = example(size=(height, width), seed=height)
        condition = condition if conditional else None
        with torch.no_grad():
            got = model(y, condition)
        assert torch.allclose(got, plain(model, y, condition), rtol=0, atol=1e-12)


def test_a_batch_of_no_images():
    model = network()
    with torch.no_grad():
        assert model(torch.zeros(0, 3, 8, 7), torch.zeros(0, K, 8, 7)).shape == (0, 3, 8, 7)


def test_strips_see_weights_as_they_are_now():
    model = network()
    y, condition = example()
    with torch.no_grad():
        before = model(y, condition)
        model.blocks[3].f25[0].weight.mul_(-1)
        after = model(y, condition)
    assert not torch.allclose(before, after)
    assert torch.allclose(after, plain(model, y, condition), rtol=0, atol=1e-12)


def test_the_stated_reach_is_exact_and_tiles_change_nothing():
    model = network(None)
    for parameter in model.parameters():
        torch.nn.init.uniform_(parameter, 0.01, 0.1)  # nothing cancels
    y = torch.rand(1, 3, 70, 70, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(model(y)[0, 0, 35, 35], y)
    rows = grad[0].sum((0, 2)).nonzero().flatten()
    assert 35 - int(rows[0]) == int(rows[-1]) - 35 == model.receptive_radius == 27
    model = network()
    tiled = TiledRestorer(dict(type='DDFN', condition_channels=K), tile=(30, 25)).double()
    tiled.load_state_dict(model.state_dict())
    y, condition = example(1, (75, 61))
    with torch.no_grad():
        assert torch.allclose(tiled(y, condition), model(y, condition), rtol=0, atol=1e-12)


def test_checkpointing_changes_memory_only():
    y, condition = example(1)
    gradients = []
    for with_cp in (False, True):
        model = network(with_cp=with_cp)
        model(y, condition).square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
        assert all(grad.abs().sum() > 0 for grad in gradients[-1])
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-15)


def test_condition_that_is_the_same_everywhere():
    model = network()
    y, _ = example()
    condition = torch.randn(2, K, 1, 1, dtype=torch.float64)
    expected = plain(model, y, condition.expand(-1, -1, 13, 9))
    assert torch.allclose(model(y, condition), expected, rtol=0, atol=1e-12)
    with torch.no_grad():
        assert torch.allclose(model(y, condition), expected, rtol=0, atol=1e-12)


def test_condition_moves_every_pixel_by_its_own():
    """What the condition says at a pixel arrives there and nowhere beyond the reach."""
    model = network()
    y, condition = example(1, (80, 5))
    other = condition.clone()
    other[..., 40, 2] += 3
    with torch.no_grad():
        moved = (model(y, condition) - model(y, other)).abs().sum((0, 1))
    # Convolutions of what the SFT of the first block moved: 3 pixels in each of 8 blocks.
    assert moved[40, 2] > 0 and moved[: 40 - 24].sum() == 0 and moved[40 + 25 :].sum() == 0
    assert moved[40 - 6 : 40 + 7].min() > 0


def test_traced_and_exported_layer_by_layer():
    model = network().eval()
    y, condition = example(1, (12, 10))
    with torch.no_grad():
        traced = torch.jit.trace(model, (y, condition), check_trace=False)
    y, condition = example(1, (14, 11), seed=5)  # sizes are not baked in
    assert torch.allclose(traced(y, condition), plain(model, y, condition), rtol=0, atol=1e-12)


def test_reduced_precision_and_autocast():
    model = network().float()
    y, condition = (x.float() for x in example())
    with torch.no_grad():
        expected = model(y, condition)
        with torch.autocast('cpu', torch.bfloat16):
            assert torch.equal(model(y, condition), expected)  # strips stay in full precision


@pytest.mark.parametrize(
    ('channels', 'shapes', 'words'),
    [
        (0, None, r'condition_channels=0; allowed: a positive integer, or None'),
        ('19', None, r"condition_channels='19'"),
        (True, None, r'condition_channels=True'),
        (5, ((1, 4, 8, 8), (1, 5, 8, 8)), r'images of shape \(1, 4, 8, 8\); allowed: N×3×H×W'),
        (5, ((1, 3, 8, 8), None), r'no condition, but the network has condition_channels=5'),
        (5, ((1, 3, 8, 8), (1, 11, 8, 8)), r'condition_channels=5, but the condition has K=11'),
        (5, ((1, 3, 8, 8), (1, 5, 8, 9)), r'allowed: the same N, H and W, or N×K×1×1'),
        (5, ((2, 3, 8, 8), (1, 5, 8, 8)), r'allowed: the same N, H and W, or N×K×1×1'),
    ],
)
def test_errors(channels, shapes, words):
    with pytest.raises(ValueError, match=words):
        DDFN(channels)(*(None if shape is None else torch.zeros(shape) for shape in shapes))
