"""Perceptual, contextual and LPIPS losses: values in plain loops, gradients, what is refused."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from mmdegrade.models.losses import contextual_loss
from mmdegrade.models.lpips import load_lpips
from tests.evaluation.test_lpips import save_backbone
from tests.tiny_features import TinyFeatures

FEATURES = dict(type='TinyFeatures', layers=2)


def images(seed: int, size=(10, 12)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((2, 3, *size), generator=generator, dtype=torch.float64)


def build(name: str, **kwargs):
    loss = MODELS.build(dict(dict(type=name, feature_extractor=FEATURES), **kwargs))
    loss.init_weights()
    return loss


def maps(given: torch.Tensor) -> list[torch.Tensor]:
    extractor = TinyFeatures(2)
    extractor.init_weights()
    return extractor(given)


@pytest.mark.parametrize('norm', ['mse', 'l1'])
def test_perceptual(norm):
    restored, clean = images(0), images(1)
    expected = 0.0
    for a, b in zip(maps(restored), maps(clean), strict=True):
        d = np.abs((a - b).numpy())
        expected += (d**2 if norm == 'mse' else d).sum() / d.size
    loss = build('RestorationPerceptualLoss', norm=norm, loss_weight=0.5)
    assert loss(restored, clean).item() == pytest.approx(0.5 * expected, rel=1e-10)
    assert loss(clean, clean).item() == 0


def contextual_by_hand(x: np.ndarray, y: np.ndarray, h: float) -> float:
    """The paper's equations for one image, C×places each."""
    mean = y.mean(1)
    x, y = x - mean[:, None], y - mean[:, None]
    n, m = x.shape[1], y.shape[1]
    d = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            a, b = x[:, i], y[:, j]
            d[i, j] = 1 - a @ b / np.sqrt((a @ a) * (b @ b))
    cx = np.empty((n, m))
    for i in range(n):
        w = np.exp((1 - d[i] / (d[i].min() + 1e-5)) / h)
        cx[i] = w / w.sum()
    return -np.log(np.mean([cx[:, j].max() for j in range(m)]))


@pytest.mark.parametrize('h', [0.5, 0.1])
def test_contextual(h):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 3, 4)), rng.normal(size=(2, 5, 2, 3))  # sizes may differ
    by_hand = [contextual_by_hand(x[n].reshape(5, -1), y[n].reshape(5, -1), h) for n in (0, 1)]
    found = contextual_loss(torch.tensor(x), torch.tensor(y), h)
    assert found.item() == pytest.approx(np.mean(by_hand), rel=1e-9)


def test_contextual_ignores_places_but_not_content():
    y = torch.randn((1, 6, 4, 4), dtype=torch.float64)
    moved = y.flatten(2)[:, :, torch.randperm(16)].view_as(y)
    assert contextual_loss(moved, y).item() == pytest.approx(contextual_loss(y, y).item())
    # Every feature finds itself at distance 0, and all others infinitely farther, relatively.
    assert contextual_loss(y, y) < 1e-6 < 0.1 < contextual_loss(torch.randn_like(y), y)


def test_contextual_of_images():
    restored, clean = images(0), images(1)
    expected = sum(contextual_loss(*pair) for pair in zip(maps(restored), maps(clean), strict=True))
    loss = build('RestorationContextualLoss', loss_weight=2)
    assert loss(restored, clean).item() == pytest.approx(2 * expected.item(), rel=1e-10)


@pytest.mark.parametrize('name', ['RestorationPerceptualLoss', 'RestorationContextualLoss'])
def test_gradient_in_the_restored_image(name):
    loss, clean = build(name), images(1, (8, 8))
    restored = images(0, (8, 8)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, clean), restored)
    clean.requires_grad_()
    loss(restored, clean).backward()
    assert clean.grad is None
    assert not loss.state_dict(), 'a fixed network is in no checkpoint'


def test_lpips_is_the_metric(tmp_path):
    backbone = save_backbone('alex', tmp_path / 'alex.pth')
    loss = MODELS.build(dict(type='RestorationLPIPSLoss', backbone=backbone, loss_weight=3.0))
    with pytest.raises(RuntimeError, match='the weights are not loaded'):
        loss(images(0, (40, 40)).float(), images(1, (40, 40)).float())
    loss.init_weights()
    clean = images(1, (40, 40)).float()
    restored = images(0, (40, 40)).float().requires_grad_()
    value = loss(restored, clean)
    with torch.no_grad():
        metric = load_lpips('alex', backbone)
        single = [metric(restored[n : n + 1], clean[n : n + 1], normalize=True) for n in (0, 1)]
    assert value.item() == pytest.approx(3 * float(sum(single)) / 2, rel=1e-5) and value > 0
    value.backward()
    assert restored.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in loss.parameters()) and not loss.state_dict()


def test_lpips_says_what_is_missing(tmp_path):
    loss = MODELS.build(dict(type='RestorationLPIPSLoss', backbone=str(tmp_path / 'none.pth')))
    with pytest.raises(FileNotFoundError, match=r'RestorationLPIPSLoss.backbone=.*none\.pth'):
        loss.init_weights()


@pytest.mark.parametrize(
    ('name', 'wrong', 'match'),
    [
        ('RestorationPerceptualLoss', dict(norm='l2'), "norm='l2'"),
        ('RestorationContextualLoss', dict(bandwidth=0), 'bandwidth=0'),
        ('RestorationLPIPSLoss', dict(net='resnet'), "net='resnet'"),
    ],
)
def test_wrong_settings(name, wrong, match):
    given = dict(backbone='x') if 'LPIPS' in name else dict(feature_extractor=FEATURES)
    with pytest.raises(ValueError, match=match):
        MODELS.build(dict(type=name, **given, **wrong))


def test_contextual_wrong_shapes():
    with pytest.raises(ValueError, match='same N and C'):
        contextual_loss(torch.ones(2, 3, 4, 4), torch.ones(2, 5, 4, 4))
