"""Mean absolute error of restored images: the content loss of D2SM (semantic statistics matching)
and of FG-NIC's denoisers.
"""

from mmengine.registry import MODELS
from torch import Tensor

from .restoration_loss import RestorationLoss, image_pair


def restoration_l1(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean of |restored − clean| over all values.

    Args:
        restored (Tensor): N×C×H×W.
        clean (Tensor): The same shape.

    Returns:
        Tensor: Scalar, float32 or better.

    Raises:
        ValueError: The shapes differ.
    """
    restored, clean = image_pair('restoration_l1', restored, clean)
    return (restored - clean).abs().mean()


@MODELS.register_module()
class RestorationL1Loss(RestorationLoss):
    """:func:`restoration_l1` as a loss of restored images; see :class:`RestorationLoss`."""

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        return restoration_l1(restored, clean)
