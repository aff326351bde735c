"""Bring images to a multiple of a network's stride, so that every size can be restored."""

import torch.nn.functional as F
from torch import Tensor

from ..tracing import is_traced


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are divisible.

    Args:
        images (Tensor): N×C×H×W.
        multiple (int): What the sides are to be divisible by.

    Returns:
        Tensor: N×C×H'×W', ``images`` itself where nothing is missing; cut it back with
        ``[..., :H, :W]``.
    """
    height, width = images.shape[-2:]
    bottom, right = -height % multiple, -width % multiple
    # A record that skips it for the size it was made with would be wrong for others.
    if not is_traced() and not (bottom or right):
        return images
    return F.pad(images, (0, right, 0, bottom), mode='replicate')
