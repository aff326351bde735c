"""Convolution of one image with mirrored borders, as OpenCV's BORDER_REFLECT_101."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def _mirrored(size: int, border: int, device) -> Tensor:
    """Indices -border … size + border - 1, folded back into the image as often as needed."""
    period = max(2 * (size - 1), 1)
    index = torch.arange(-border, size + border, device=device).remainder(period)
    return torch.where(index < size, index, period - index)


def filter_mirrored(img: Tensor, kernel: np.ndarray) -> Tensor:
    """Correlate each channel with a kernel.

    Args:
        img: (C, H, W) float.
        kernel: (rows, columns) float, both odd.

    Returns:
        (C, H, W), of the dtype of ``img``.
    """
    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    img = img[:, _mirrored(img.shape[1], rows, img.device)]
    img = img[:, :, _mirrored(img.shape[2], columns, img.device)]
    weight = torch.from_numpy(np.ascontiguousarray(kernel)).to(img)
    return F.conv2d(img[:, None], weight[None, None])[:, 0]
