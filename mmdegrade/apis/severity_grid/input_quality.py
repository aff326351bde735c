"""How far a degraded image is from the clean one: PSNR and, on request, SSIM."""

import math

import cv2
import numpy as np
import torch

from mmdegrade.models import image_quality


def psnr(degraded: np.ndarray, clean: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, exact: the squared error is summed in float64.

    Args:
        degraded (np.ndarray): H×W×C on 0-255, uint8 or float (unclipped noise counts as it is).
        clean (np.ndarray): The same shape, uint8 or float.

    Returns:
        float: 10 log10(255² / mean squared error), at most ``MAX_PSNR`` (100), which also
            stands for equal images.
    """
    if degraded.dtype != clean.dtype:
        degraded, clean = degraded.astype(np.float64), clean.astype(np.float64)
    squared = cv2.norm(degraded, clean, cv2.NORM_L2SQR)
    if squared == 0:
        return image_quality.MAX_PSNR
    return min(image_quality.MAX_PSNR, 10 * math.log10(255**2 * clean.size / squared))


def ssim(degraded: np.ndarray, clean: np.ndarray) -> float:
    """Structural similarity; see :mod:`mmdegrade.models.image_quality`, which computes it.

    Arguments are those of :func:`psnr`; an image is at least 11 pixels high and wide.

    Raises:
        ValueError: The image is smaller than that.
    """
    pair = (
        torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None])).float() / 255
        for image in (degraded, clean)
    )
    return float(image_quality.ssim(*pair))
