"""PSNR and SSIM against scikit-image and closed forms."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mmdegrade.models.image_quality import MAX_PSNR, psnr, shave, ssim

GENERATOR = torch.Generator().manual_seed(0)
CLEAN = torch.rand((3, 3, 24, 37), generator=GENERATOR)
NOISY = CLEAN + 0.1 * torch.randn(CLEAN.shape, generator=GENERATOR)


def numpy_pairs():
    for a, b in zip(NOISY, CLEAN, strict=True):
        yield a.numpy().transpose(1, 2, 0).astype(float), b.numpy().transpose(1, 2, 0).astype(float)


def test_psnr_is_that_of_scikit_image():
    expected = [peak_signal_noise_ratio(b, a, data_range=1) for a, b in numpy_pairs()]
    assert np.allclose(psnr(NOISY, CLEAN).numpy(), expected, atol=1e-9)


def test_ssim_is_that_of_wang_et_al():
    expected = [
        structural_similarity(
            a, b, data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, K1=0.01, K2=0.03,
        )
        for a, b in numpy_pairs()
    ]  # fmt: skip
    assert np.allclose(ssim(NOISY, CLEAN).numpy(), expected, atol=1e-5)
    assert np.allclose(ssim(NOISY.double(), CLEAN.double()).numpy(), expected, atol=1e-9)


def test_closed_forms():
    shifted = psnr(CLEAN + 0.1, CLEAN)  # MSE 0.01
    assert torch.allclose(shifted, torch.full((3,), 20.0, dtype=torch.double), atol=1e-5)
    assert (psnr(CLEAN, CLEAN) == MAX_PSNR).all()
    assert torch.allclose(ssim(CLEAN, CLEAN), torch.ones(3), atol=1e-6)
    black, white = torch.zeros(1, 1, 11, 11), torch.ones(1, 1, 11, 11)
    c1 = 0.01**2
    assert math.isclose(float(ssim(black, white)), c1 / (1 + c1), rel_tol=1e-4)  # no structure


def test_each_image_counts_for_itself():
    mixed = torch.cat([CLEAN[:1], NOISY[1:]])
    values = psnr(mixed, CLEAN)
    assert values[0] == MAX_PSNR and torch.allclose(values[1:], psnr(NOISY, CLEAN)[1:])


def test_half_precision_and_autocast():
    exact = ssim(NOISY, CLEAN)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(ssim(NOISY, CLEAN), exact)
    assert ssim(NOISY.bfloat16(), CLEAN.bfloat16()).dtype == torch.float32


def test_nothing_finite_is_made_of_nan():
    assert torch.isnan(psnr(CLEAN * float('nan'), CLEAN)).all()


def test_shave():
    assert torch.equal(shave(CLEAN, 2), CLEAN[..., 2:-2, 2:-2]) and shave(CLEAN, 0).shape[-1] == 37
    with pytest.raises(ValueError, match='border=12 leaves nothing of images of 24x37.*0 to 11'):
        shave(CLEAN, 12)


def test_errors():
    with pytest.raises(ValueError, match=r'psnr: restored images \(3, 3, 24, 37\) and'):
        psnr(CLEAN, CLEAN[..., 1:])
    with pytest.raises(ValueError, match='share one N×C×H×W shape'):
        ssim(CLEAN[0], CLEAN[0])
    with pytest.raises(ValueError, match='windows of 11x11 pixels, and the images are 10x37'):
        ssim(CLEAN[..., :10, :], CLEAN[..., :10, :])
