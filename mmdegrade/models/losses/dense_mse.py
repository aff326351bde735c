"""Variant DGN-MSE: match features themselves, place by place, instead of Gram matrices.

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020,
Tables IV–VII. For the L layers of a block, feature maps F of shape c × m:

    L_b = 1 / (c m) · Σ_l Σ_l' ‖Fs^l − Ft^l'‖_F²

Deviation: the paper does not give the scale; ours is the mean over values. As for the Gram loss,
the double sum is L Σ_l' ‖Ft^l' − F̄s‖² plus a term without the target.
"""

from collections.abc import Sequence

import torch
from mmengine.registry import MODELS
from torch import Tensor

from .block_loss import BlockLoss, as_float, check_block


def double_sum_of_squares(source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Σ_l Σ_l' ‖s_l − t_l'‖² in O(L), differentiable in ``target`` only; scalar."""
    with torch.no_grad():
        stacked = torch.stack([as_float(feature.detach()) for feature in source])
        mean = stacked.mean(0)
        spread = (stacked - mean).square().sum()
        del stacked
    distance = sum((as_float(feature) - mean).square().sum() for feature in target)
    return len(source) * distance + len(target) * spread


def dense_mse_loss(source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Mean squared distance of features over all pairs of layers, averaged over the batch.

    Args:
        source (Sequence[Tensor]): Maps of the frozen source network, each N×C×H×W; constants.
        target (Sequence[Tensor]): Maps of the trained target network, same shape.

    Returns:
        Tensor: Scalar, float32 or better, never negative.

    Raises:
        ValueError: No maps, or maps of different shapes.
    """
    check_block('dense_mse_loss', source, target)
    with torch.autocast(target[0].device.type, enabled=False):
        return double_sum_of_squares(source, target) / target[0].numel()


@MODELS.register_module()
class DenseMSELoss(BlockLoss):
    """DGN-MSE: :func:`dense_mse_loss` over the blocks of a network; see :class:`BlockLoss`."""

    def block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        """All pairs of one block."""
        return dense_mse_loss(source, target)
