"""How far a degraded image is from the clean one: PSNR and, on request, SSIM."""

import math

import cv2
import numpy as np

#: What stands for the infinite PSNR of two equal images, so that a mean over images exists.
CAP = 100.0


def psnr(degraded: np.ndarray, clean: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, exact: the squared error is summed in float64.

    Args:
        degraded (np.ndarray): H×W×C on 0-255, uint8 or float (unclipped noise counts as it is).
        clean (np.ndarray): The same shape, uint8 or float.

    Returns:
        float: 10 log10(255² / mean squared error), at most 100.
    """
    if degraded.dtype != clean.dtype:
        degraded, clean = degraded.astype(np.float64), clean.astype(np.float64)
    squared = cv2.norm(degraded, clean, cv2.NORM_L2SQR)
    if squared == 0:
        return CAP
    return min(CAP, 10 * math.log10(255**2 * clean.size / squared))


def ssim(degraded: np.ndarray, clean: np.ndarray) -> float:
    """Structural similarity: 11×11 Gaussian window, sigma 1.5, mean over pixels and channels.

    The arithmetic is torchmetrics'. Arguments are those of :func:`psnr`; an image is at least
    11 pixels high and wide.

    Raises:
        ImportError: torchmetrics is not installed.
        ValueError: The image is smaller than the window.
    """
    try:
        from torchmetrics.functional.image import structural_similarity_index_measure
    except ImportError as error:
        raise ImportError(
            'SSIM needs torchmetrics: `pip install torchmetrics`, or leave ssim out'
        ) from error
    import torch

    if min(clean.shape[:2]) < 11:
        raise ValueError(f'SSIM looks at 11x11 pixels, the image is {clean.shape[:2]} (h, w)')
    pair = [
        torch.from_numpy(np.ascontiguousarray(img.transpose(2, 0, 1)[None])).float()
        for img in (degraded, clean)
    ]
    return float(structural_similarity_index_measure(*pair, sigma=1.5, data_range=255.0))
