"""How close a restored image is to the clean one: PSNR and SSIM of each image of a batch.

SSIM: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
TIP 2004: Gaussian window of 11×11 with σ = 1.5, K1 = 0.01, K2 = 0.03, and only windows that lie
wholly inside the image, as the paper's program and scikit-image do it (torchmetrics' average counts
windows that reach into a reflected margin, too). The window is the product of a column and a row,
which are applied one after the other: several times as fast as its 121 weights.

Decisions: colour images are compared channel by channel and averaged, PSNR over all values at once.
Identical images have an infinite PSNR, and one of them would make the mean of a test set infinite:
every PSNR is capped at 100 dB, an error of 1e-5 of the range: far less than a step of 8 bits.
"""

import torch
from torch import Tensor

#: PSNR of identical images, dB.
MAX_PSNR = 100.0
#: Side of the window of SSIM, pixels.
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5
SSIM_K1, SSIM_K2 = 0.01, 0.03


def check_same_size(name: str, restored: Tensor, clean: Tensor) -> None:
    """Refuse anything but two batches N×C×H×W of one shape.

    Raises:
        ValueError: Names the caller and both shapes.
    """
    if restored.ndim != 4 or restored.shape != clean.shape:
        raise ValueError(
            f'{name}: restored images {tuple(restored.shape)} and clean images '
            f'{tuple(clean.shape)} must share one N×C×H×W shape'
        )


def shave(images: Tensor, border: int) -> Tensor:
    """Take ``border`` pixels off every side of ...×H×W images; a view.

    Raises:
        ValueError: Nothing would be left.
    """
    height, width = images.shape[-2:]
    if min(height, width) <= 2 * border:
        raise ValueError(
            f'border={border} leaves nothing of images of {height}x{width} (height x width); '
            f'allowed: 0 to {(min(height, width) - 1) // 2}'
        )
    return images[..., border : height - border, border : width - border]


def psnr(restored: Tensor, clean: Tensor) -> Tensor:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE), of each image.

    Args:
        restored (Tensor): N×C×H×W on [0, 1].
        clean (Tensor): The same shape.

    Returns:
        Tensor: N values in dB, at most `MAX_PSNR`; float64 where the device has it, since a
        float32 sum over millions of values loses digits.

    Raises:
        ValueError: The shapes differ.
    """
    # Imported on use: it costs seconds, and most programs measure no restoration.
    from torchmetrics.functional.image import peak_signal_noise_ratio

    check_same_size('psnr', restored, clean)
    dtype = torch.float32 if restored.device.type == 'mps' else torch.float64
    values = peak_signal_noise_ratio(
        restored.to(dtype), clean.to(dtype), data_range=1.0, reduction='none', dim=(1, 2, 3)
    )
    return values.clamp(max=MAX_PSNR)


def ssim(restored: Tensor, clean: Tensor) -> Tensor:
    """Structural similarity of each image, differentiable in both.

    Args:
        restored (Tensor): N×C×H×W on [0, 1].
        clean (Tensor): The same shape.

    Returns:
        Tensor: N values, at most 1, float32 or better.

    Raises:
        ValueError: The shapes differ, or a side is shorter than the window of 11 pixels.
    """
    check_same_size('ssim', restored, clean)
    if min(restored.shape[-2:]) < SSIM_WINDOW:
        raise ValueError(
            f'SSIM looks through windows of {SSIM_WINDOW}x{SSIM_WINDOW} pixels, and the images '
            f'are {restored.shape[-2]}x{restored.shape[-1]} (after taking the border off)'
        )
    # E[x²] − E[x]² in half precision is noise.
    restored, clean = (x if x.element_size() >= 4 else x.float() for x in (restored, clean))
    with torch.autocast(restored.device.type, enabled=False):
        # One channel at a time: the maps of a whole 2048×1024 image take a while and much memory.
        pairs = zip(restored.split(1, dim=1), clean.split(1, dim=1), strict=True)
        return torch.stack([_ssim_map(*pair).mean((1, 2, 3)) for pair in pairs]).mean(0)


def _ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """SSIM at every place of the window: N×1×H×W twice → N×1×(H−10)×(W−10)."""
    means = _window_mean(torch.cat([x, y, x * x, y * y, x * y], 1))
    mean_x, mean_y, square_x, square_y, product = means.split(1, dim=1)
    # Rounding must not leave a negative variance.
    variances = (square_x - mean_x**2).clamp(min=0) + (square_y - mean_y**2).clamp(min=0)
    covariance = product - mean_x * mean_y
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return likeness / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))


def _window_mean(maps: Tensor) -> Tensor:
    """Means weighted by the Gaussian window, of windows wholly inside: N×C×H×W."""
    places = torch.arange(SSIM_WINDOW, dtype=torch.float64) - SSIM_WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * SSIM_SIGMA**2))
    weights = (weights / weights.sum()).tolist()
    for axis in (2, 3):
        length = maps.shape[axis] - SSIM_WINDOW + 1
        maps = sum(w * maps.narrow(axis, start, length) for start, w in enumerate(weights))
    return maps
