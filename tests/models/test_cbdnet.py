"""CBDNet: parameters, its layers read plainly, its own losses, any size, tiles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.structures import SegDataSample

from mmdegrade.models.losses import asymmetric_loss, squared_variation
from mmdegrade.models.restorers import CBDNet, TiledRestorer


@pytest.fixture(scope='module')
def net():
    torch.manual_seed(0)
    return CBDNet()


def images(n=1, size=(16, 12)):
    return torch.rand((n, 3, *size), generator=torch.Generator().manual_seed(0))


def samples(*sigmas):
    made = []
    for sigma in sigmas:
        record = dict(kind='awgn', degree=None, params=dict(sigma=sigma, clip=False))
        made.append(SegDataSample(metainfo=dict(degradations=[record])))
    return made


def plain(net, x):
    """The layer list over the parameters in their order; returns level and image."""
    weights = iter(list(net.parameters()))

    def convs(y, many):
        for _ in range(many):
            y = F.relu(F.conv2d(y, next(weights), next(weights), padding=1))
        return y

    def up(y):
        return F.conv_transpose2d(y, next(weights), next(weights), stride=2)

    def pool(y):
        return (y[..., ::2, ::2] + y[..., 1::2, ::2] + y[..., ::2, 1::2] + y[..., 1::2, 1::2]) / 4

    sigma = convs(x, 5)
    one = convs(torch.cat([x, sigma], 1), 2)
    two = convs(pool(one), 3)
    four = convs(pool(two), 6)
    two = convs(two + up(four), 3)
    one = convs(one + up(two), 2)
    return sigma, x + F.conv2d(one, next(weights), next(weights))


def test_parameters(net):
    assert sum(parameter.numel() for parameter in net.parameters()) == 4365382
    assert sum(parameter.numel() for parameter in net.estimator.parameters()) == 29507


def test_it_is_the_layer_list(net):
    x = images(2)
    with torch.no_grad():
        sigma, restored = plain(net, x)
        assert torch.allclose(net.estimate(x), sigma, atol=1e-6) and sigma.min() >= 0
        assert torch.allclose(net(x), restored, atol=1e-5)


@pytest.mark.parametrize('size', [(13, 12), (16, 9), (5, 7), (1, 2)])
@torch.no_grad()
def test_any_size_repeats_the_last_row_and_column(net, size):
    x = images(1, size)
    padded = x
    while padded.shape[2] % 4:
        padded = torch.cat([padded, x[:, :, -1:].expand(-1, -1, 1, -1)], 2)
    while padded.shape[3] % 4:
        padded = torch.cat([padded, padded[..., -1:]], 3)
    assert torch.allclose(net(x), plain(net, padded)[1][..., : size[0], : size[1]], atol=1e-5)


def test_the_stated_reach_covers_everything_and_tiles_change_nothing(net):
    grown = CBDNet()
    for parameter in grown.parameters():
        torch.nn.init.constant_(parameter, 1e-2)  # nothing cancels, nothing overflows
    x = images(1, (136, 8)).requires_grad_()
    out = grown(x)
    reached = []
    for place in range(64, 68):
        (grad,) = torch.autograd.grad(out[0, 0, place, 4], x, retain_graph=True)
        rows = grad[0].sum((0, 2)).nonzero().flatten()
        reached += [place - int(rows[0]), int(rows[-1]) - place]
    assert max(reached) == CBDNet.receptive_radius
    tiled = TiledRestorer(dict(type='CBDNet'), tile=(37, 30))
    tiled.load_state_dict(net.state_dict())
    with torch.no_grad():
        x = images(1, (110, 33))
        assert torch.allclose(tiled(x), net(x), atol=1e-5)


def test_asymmetric_loss_is_the_formula_and_fears_low_estimates():
    rng = np.random.default_rng(0)
    estimate, level = rng.uniform(0, 0.3, (2, 3, 4, 5)), rng.uniform(0, 0.3, (2, 1, 1, 1))
    total = 0.0
    for place in np.ndindex(estimate.shape):
        error = estimate[place] - level[place[0], 0, 0, 0]
        total += abs(0.3 - (error < 0)) * error**2
    value = asymmetric_loss(torch.tensor(estimate), torch.tensor(level))
    assert value.item() == pytest.approx(total / estimate.size, rel=1e-12)
    truth = torch.full((1, 3, 2, 2), 0.2)
    low, high = asymmetric_loss(truth - 0.1, truth), asymmetric_loss(truth + 0.1, truth)
    assert low.item() == pytest.approx(0.7 * 0.01) and high.item() == pytest.approx(0.3 * 0.01)
    with pytest.raises(ValueError, match='alpha=2; allowed: 0 to 1'):
        asymmetric_loss(truth, truth, alpha=2)
    given = torch.tensor(estimate, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: asymmetric_loss(x, torch.tensor(level)), given)


def test_squared_variation_is_the_formula():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    expected = (np.diff(x, axis=2) ** 2).mean() + (np.diff(x, axis=3) ** 2).mean()
    given = torch.tensor(x, requires_grad=True)
    assert squared_variation(given).item() == pytest.approx(expected, rel=1e-12)
    assert (
        squared_variation(torch.ones(1, 3, 4, 5)) == 0 == squared_variation(torch.ones(1, 3, 1, 1))
    )
    assert torch.autograd.gradcheck(squared_variation, given)


def test_own_losses_reach_the_estimator_through_a_model():
    torch.manual_seed(0)
    model = MMSEG_MODELS.build(
        dict(
            type='RestorationModel',
            restorer=dict(type='CBDNet'),
            losses=dict(mse=dict(type='RestorationMSELoss')),
        )
    )
    x, given = images(2), samples(25, 50)
    for sample in given:
        sample.clean_img = PixelData(data=torch.zeros(3, 16, 12))
    losses = model(model._images.to_inputs(x), given, mode='loss')
    assert set(losses) == {'loss_mse', 'loss_noise_asymmetric', 'loss_noise_variation', 'psnr'}
    with torch.no_grad():
        estimate = model.restorer.estimate(x)
        level = torch.tensor([25, 50])[:, None, None, None] / 255
        asymmetric = 0.5 * asymmetric_loss(estimate, level)
        variation = 0.05 * squared_variation(estimate)
    assert torch.allclose(losses['loss_noise_asymmetric'], asymmetric, rtol=1e-4)
    assert torch.allclose(losses['loss_noise_variation'], variation, rtol=1e-4)
    total, _ = model.parse_losses(losses)
    assert total.item() == pytest.approx(float(losses['loss_mse'] + asymmetric + variation), 1e-4)
    losses['loss_noise_asymmetric'].backward()
    assert model.restorer.estimator[0].weight.grad.abs().sum() > 0
    assert model.restorer.denoiser.last.weight.grad is None


def test_errors(net):
    with pytest.raises(ValueError, match='no record of its degradation'):
        net.auxiliary_losses(images(), images(), [SegDataSample()])
    real = CBDNet(asymmetric_weight=0)
    assert set(real.auxiliary_losses(images(), images(), [SegDataSample()])) == {'noise_variation'}
    assert CBDNet(0, 0).auxiliary_losses(images(), images()) == {}
    with pytest.raises(ValueError, match='variation_weight=-1; allowed: 0'):
        CBDNet(variation_weight=-1)
    with pytest.raises(ValueError, match='alpha=-0.1'):
        CBDNet(alpha=-0.1)
    with pytest.raises(ValueError, match='CBDNet: images of shape'):
        net(images()[:, :2])
