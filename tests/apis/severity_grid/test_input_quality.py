"""PSNR and SSIM against scikit-image."""

import numpy as np
import pytest

from mmdegrade.apis.severity_grid.input_quality import psnr, ssim

metrics = pytest.importorskip('skimage.metrics')


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    clean = rng.integers(0, 256, (37, 45, 3), np.uint8)
    return clean, np.clip(clean + rng.normal(0, 20, clean.shape), 0, 255).astype(np.uint8)


def test_psnr(images):
    clean, degraded = images
    expected = metrics.peak_signal_noise_ratio(clean, degraded, data_range=255)
    assert psnr(degraded, clean) == pytest.approx(expected, rel=1e-12)
    noisy = clean + np.random.default_rng(1).normal(0, 90, clean.shape).astype(np.float32)
    expected = metrics.peak_signal_noise_ratio(
        clean.astype(np.float64), noisy.astype(np.float64), data_range=255
    )
    assert psnr(noisy, clean) == pytest.approx(expected, rel=1e-9)  # beyond 0-255, not clipped


def test_equal_images_are_capped(images):
    clean, _ = images
    almost = clean.astype(np.float32)
    almost[0, 0, 0] += 1e-3
    assert psnr(clean, clean) == psnr(almost, clean.astype(np.float32)) == 100


def test_ssim(images):
    pytest.importorskip('torchmetrics')
    clean, degraded = images
    expected = metrics.structural_similarity(
        clean, degraded, channel_axis=2, data_range=255, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )  # fmt: skip
    assert ssim(degraded, clean) == pytest.approx(expected, abs=1e-4)
    assert ssim(clean, clean) == pytest.approx(1)
    with pytest.raises(ValueError, match='windows of 11x11'):
        ssim(clean[:5], clean[:5])
