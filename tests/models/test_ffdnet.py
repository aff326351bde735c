"""FFDNet: parameters, its layers read plainly, conditions, any size, tiles."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from mmengine.structures import PixelData
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.structures import SegDataSample

from mmdegrade.models.restorers import FFDNet, TiledRestorer

SMALL = dict(type='FFDNet', width=6, depth=3)


@pytest.fixture()
def small():
    torch.manual_seed(0)
    return MODELS.build(SMALL).double()


def images(n=2, size=(10, 14), seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((n, 3, *size), generator=generator, dtype=torch.float64)


def level(*sigmas):
    return torch.tensor(sigmas, dtype=torch.float64)[:, None, None, None] / 255


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def plain(model, x, sigma):
    """The layer list, cell by cell: 2×2 pixels become channels in the order RRRR GGGG BBBB."""
    n, _, height, width = x.shape
    cells = torch.stack([x[:, c, i::2, j::2] for c in range(3) for i in (0, 1) for j in (0, 1)], 1)
    y = torch.cat([cells, sigma.expand(n, 1, height // 2, width // 2)], 1)
    weights = list(model.parameters())
    for place in range(0, len(weights), 2):
        y = F.conv2d(y, weights[place], weights[place + 1], padding=1)
        if place < len(weights) - 2:
            y = y.clamp(min=0)
    out = torch.empty_like(x)
    for k in range(12):
        out[:, k // 4, k // 2 % 2 :: 2, k % 2 :: 2] = y[:, k]
    return out


def test_parameters():
    assert count(FFDNet()) == 852108
    w, d = 48, 8
    assert count(FFDNet(width=w, depth=d)) == (
        (13 * 9 + 1) * w + (d - 2) * (9 * w + 1) * w + (9 * w + 1) * 12
    )


def test_it_is_the_layer_list(small):
    x, sigma = images(), level(25, 50)
    assert torch.allclose(small(x, sigma), plain(small, x, sigma), rtol=0, atol=1e-12)


def test_a_map_that_is_the_same_everywhere_is_one_level(small):
    x, sigma = images(), level(25, 50)
    whole = small(x, sigma)
    assert torch.allclose(small(x, sigma.expand(-1, -1, 10, 14)), whole, rtol=0, atol=1e-12)
    varying = sigma.expand(-1, -1, 10, 14).clone()
    varying[0, :, :, 7:] = 0
    assert not torch.allclose(small(x, varying)[0, :, :, 8:], whole[0, :, :, 8:])
    assert torch.allclose(small(x, varying)[1], whole[1])


@pytest.mark.parametrize('size', [(9, 14), (10, 13), (7, 5), (1, 1)])
def test_odd_sizes_repeat_the_last_row_and_column(small, size):
    x, sigma = images(size=size), level(25, 50)
    padded = torch.cat([x, x[:, :, -1:]], 2) if size[0] % 2 else x
    padded = torch.cat([padded, padded[..., -1:]], 3) if size[1] % 2 else padded
    out = small(x, sigma)
    assert out.shape == x.shape
    assert torch.allclose(out, plain(small, padded, sigma)[:, :, : size[0], : size[1]], atol=1e-12)
    assert torch.allclose(small(x, sigma.expand(-1, -1, *size)), out, atol=1e-12)


def test_gradients(small):
    x = images(1, (4, 5)).requires_grad_()
    sigma = level(30).requires_grad_()
    assert torch.autograd.gradcheck(small, (x, sigma))


def test_the_stated_reach_is_exact_and_tiles_change_nothing(small):
    for parameter in small.parameters():
        torch.nn.init.uniform_(parameter, 0.1, 1)  # nothing cancels
    x = images(1, (40, 44)).requires_grad_()
    reached = 0
    for place in (20, 21):
        (grad,) = torch.autograd.grad(small(x, level(0))[0, 0, place, place], x)
        rows = grad[0].sum((0, 2)).nonzero().flatten()
        reached = max(reached, place - int(rows[0]), int(rows[-1]) - place)
    assert reached == small.receptive_radius == 7
    assert FFDNet().receptive_radius == 25
    tiled = TiledRestorer(SMALL, tile=(11, 9)).double()
    tiled.load_state_dict(small.state_dict())
    for size in ((40, 44), (39, 41)):
        x = images(2, size)
        assert torch.allclose(tiled(x, level(9, 90)), small(x, level(9, 90)), rtol=1e-12)


def test_in_a_model_it_is_told_what_the_pipeline_recorded():
    model = MMSEG_MODELS.build(
        dict(
            type='RestorationModel',
            restorer=SMALL,
            condition='noise_level',
            losses=dict(type='RestorationL1Loss'),
        )
    )
    samples = []
    for sigma in (10.0, 70.0):
        record = dict(kind='awgn', degree=None, params=dict(sigma=sigma, clip=False))
        sample = SegDataSample(metainfo=dict(degradations=[record]))
        sample.clean_img = PixelData(data=torch.zeros(3, 8, 8))
        samples.append(sample)
    inputs = model._images.to_inputs(images(size=(8, 8)).float())
    expected = model.restorer(images(size=(8, 8)).float(), level(10, 70).float())
    assert torch.allclose(model(inputs, samples), expected, atol=1e-5)
    losses = model(inputs, samples, mode='loss')
    assert set(losses) == {'loss_l1', 'psnr'}
    losses['loss_l1'].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.restorer.parameters())


def test_errors(small):
    with pytest.raises(ValueError, match="model.condition='noise_level'"):
        small(images())
    for shape in ((2, 3, 1, 1), (1, 1, 1, 1), (2, 1, 5, 7)):
        with pytest.raises(ValueError, match='FFDNet: condition of shape .* N×1×1×1 or N×1×H×W'):
            small(images(), torch.zeros(shape))
    with pytest.raises(ValueError, match='allowed: N×3×H×W'):
        small(images()[:, :1], level(1, 2))
    with pytest.raises(ValueError, match='FFDNet: width=96, depth=1'):
        FFDNet(depth=1)
