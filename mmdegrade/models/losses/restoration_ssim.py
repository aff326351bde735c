"""1 − SSIM of restored images.

Zhao et al., "Loss Functions for Image Restoration with Neural Networks", IEEE TCI 2017; a term of
D2SM's comparison. The window and what is averaged: :mod:`mmdegrade.models.image_quality`.
"""

from mmengine.registry import MODELS
from torch import Tensor

from ..image_quality import ssim
from .restoration_loss import RestorationLoss, image_pair


def restoration_ssim(restored: Tensor, clean: Tensor) -> Tensor:
    """1 − mean SSIM over the images of a batch.

    Args:
        restored (Tensor): N×C×H×W on [0, 1].
        clean (Tensor): The same shape.

    Returns:
        Tensor: Scalar, float32 or better; 0 for identical images.

    Raises:
        ValueError: The shapes differ, or a side is shorter than 11 pixels.
    """
    restored, clean = image_pair('restoration_ssim', restored, clean)
    return 1 - ssim(restored, clean).mean()


@MODELS.register_module()
class RestorationSSIMLoss(RestorationLoss):
    """:func:`restoration_ssim` as a loss of restored images; see :class:`RestorationLoss`."""

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        return restoration_ssim(restored, clean)
