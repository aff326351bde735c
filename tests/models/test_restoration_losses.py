"""Losses of restored images: values against NumPy and scikit-image, gradients, options."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from skimage.metrics import structural_similarity

from mmdegrade.models.losses import (
    restoration_charbonnier,
    restoration_l1,
    restoration_mse,
    restoration_ssim,
)

GENERATOR = torch.Generator().manual_seed(0)
CLEAN = torch.rand((2, 3, 14, 17), generator=GENERATOR)
RESTORED = CLEAN + 0.2 * torch.randn(CLEAN.shape, generator=GENERATOR)
NAMES = [f'Restoration{name}Loss' for name in ('L1', 'MSE', 'Charbonnier', 'SSIM')]


def difference(border=0):
    stop = -border or None
    cut = (Ellipsis, slice(border, stop), slice(border, stop))
    return RESTORED.double().numpy()[cut] - CLEAN.double().numpy()[cut]


def build(name, **kwargs):
    return MODELS.build(dict(type=name, **kwargs))


def test_values():
    d = difference()
    assert restoration_l1(RESTORED, CLEAN).item() == pytest.approx(np.abs(d).mean(), rel=1e-5)
    assert restoration_mse(RESTORED, CLEAN).item() == pytest.approx((d**2).mean(), rel=1e-5)
    expected = np.sqrt(d**2 + 1e-6).mean()
    assert restoration_charbonnier(RESTORED, CLEAN).item() == pytest.approx(expected, rel=1e-5)
    expected = np.mean(
        [
            structural_similarity(
                a.numpy(), b.numpy(), data_range=1, channel_axis=0, gaussian_weights=True,
                sigma=1.5, use_sample_covariance=False,
            )
            for a, b in zip(RESTORED, CLEAN, strict=True)
        ]
    )  # fmt: skip
    assert restoration_ssim(RESTORED, CLEAN).item() == pytest.approx(1 - expected, abs=1e-5)


def test_sdabns_loss():
    """Σ‖x̂ − x‖² / (2N), a border of 1 pixel cropped."""
    loss = build('RestorationMSELoss', reduction='half_sum', border=1)
    d = difference(1)
    assert d.shape == (2, 3, 12, 15)
    assert loss(RESTORED, CLEAN).item() == pytest.approx((d**2).sum() / (2 * 2), rel=1e-5)


@pytest.mark.parametrize('name', NAMES)
def test_weight_border_and_samples(name):
    whole = build(name)(RESTORED, CLEAN)
    assert build(name, loss_weight=3.0)(RESTORED, CLEAN, [None]) == 3 * whole
    inner = build(name)(RESTORED[..., 1:-1, 1:-1], CLEAN[..., 1:-1, 1:-1])
    assert build(name, border=1)(RESTORED, CLEAN) == inner


@pytest.mark.parametrize('name', NAMES)
def test_identical_images(name):
    value = build(name)(CLEAN, CLEAN).item()
    assert value == pytest.approx(1e-3 if 'Charbonnier' in name else 0, abs=1e-6)


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('border', [0, 1])
def test_gradients(name, border):
    loss = build(name, border=border)
    clean = CLEAN[:1, :, :14, :13].double()
    restored = RESTORED[:1, :, :14, :13].double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, clean), restored, fast_mode=True)


def test_charbonnier_is_smooth_where_l1_is_not():
    restored = CLEAN.clone().requires_grad_()
    restoration_charbonnier(restored, CLEAN).backward()
    assert restored.grad.abs().max() == 0


@pytest.mark.parametrize('name', NAMES)
def test_half_precision(name):
    exact = build(name)(RESTORED.bfloat16().float(), CLEAN.bfloat16().float())
    rough = build(name)(RESTORED.bfloat16(), CLEAN.bfloat16())
    assert rough.dtype == torch.float32 and rough == exact


@pytest.mark.parametrize(
    ('name', 'kwargs', 'words'),
    [
        (NAMES[0], dict(loss_weight=0), 'RestorationL1Loss: loss_weight=0 does nothing'),
        (NAMES[1], dict(border=-1), 'RestorationMSELoss: border=-1; allowed: 0 or more'),
        (NAMES[1], dict(border=True), 'border=True'),
        (NAMES[1], dict(reduction='sum'), r"reduction='sum'; allowed: \('mean', 'half_sum'\)"),
        (NAMES[2], dict(epsilon=0), 'epsilon=0; allowed: > 0'),
    ],
)
def test_wrong_options(name, kwargs, words):
    with pytest.raises(ValueError, match=words):
        build(name, **kwargs)


def test_wrong_images():
    for name in NAMES:
        with pytest.raises(ValueError, match=f'{name}: restored images .* and clean images'):
            build(name)(RESTORED, CLEAN[:1])
    with pytest.raises(ValueError, match='border=7 leaves nothing'):
        build('RestorationL1Loss', border=7)(RESTORED, CLEAN)
    with pytest.raises(ValueError, match='restoration_mse: reduction'):
        restoration_mse(RESTORED, CLEAN, 'none')
