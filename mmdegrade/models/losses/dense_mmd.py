"""Variants DGN-Linear and DGN-Gaussian: maximum mean discrepancy with other kernels.

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020,
Tables IV–VII. The Gram loss is the MMD with the polynomial kernel (xᵀy)², as Li et al.,
"Demystifying Neural Style Transfer", IJCAI 2017, show; the columns of a feature map (c × m) are the
samples.

    linear      k = xᵀy:               L_b = 1 / (4 c) · Σ_l Σ_l' ‖μs^l − μt^l'‖², μ = mean column
    Gaussian    k = exp(−γ ‖x − y‖²):  L_b = 1 / 4 · Σ_l Σ_l' MMD²(Fs^l, Ft^l')

The Gaussian MMD is the linear-time estimate over disjoint random pairs (x0, x1), (y0, y1) of
places (Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, Lemma 14): the mean of
k(x0, x1) + k(y0, y1) − k(x0, y1) − k(y0, x1), which may be below zero; 1/γ is the mean of those
squared distances, taken as a constant. Deviations: scales are ours, the paper gives none; the
places are drawn once a call and shared by all pairs of layers.
"""

from collections.abc import Sequence

import torch
from mmengine.registry import MODELS
from torch import Tensor

from .block_loss import BlockLoss, as_float, check_block
from .dense_mse import double_sum_of_squares


def dense_linear_mmd_loss(source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Squared distance of mean features over all pairs of layers, averaged over the batch.

    Args:
        source (Sequence[Tensor]): Maps of the frozen source network, each N×C×H×W; constants.
        target (Sequence[Tensor]): Maps of the trained target network, same shape.

    Returns:
        Tensor: Scalar, float32 or better, never negative.

    Raises:
        ValueError: No maps, or maps of different shapes.
    """
    check_block('dense_linear_mmd_loss', source, target)
    batch, channels = target[0].shape[:2]
    with torch.autocast(target[0].device.type, enabled=False):
        means = [[as_float(f).mean((2, 3)) for f in maps] for maps in (source, target)]
        return double_sum_of_squares(*means) / (4 * channels * batch)


def _inverse_bandwidth(distances: Sequence[Tensor]) -> Tensor:
    """1 / mean of the squared distances, each N×P, for every image: N, a constant."""
    mean = torch.stack([distance.detach().mean(-1) for distance in distances]).mean(0)
    return 1 / mean.clamp(min=torch.finfo(mean.dtype).tiny)


def _gaussian_mmd(x0: Tensor, x1: Tensor, y0: Tensor, y1: Tensor) -> Tensor:
    """Linear-time MMD² of N×C×P pairs, averaged over N."""
    distances = [
        (a - b).square().sum(1) for a, b in ((x0, x1), (y0, y1), (x0, y1), (y0, x1))
    ]  # each N×P
    gamma = _inverse_bandwidth(distances)
    same_x, same_y, mixed_a, mixed_b = (
        torch.exp(-gamma[:, None] * distance) for distance in distances
    )
    return (same_x + same_y - mixed_a - mixed_b).mean()


def dense_gaussian_mmd_loss(
    source: Sequence[Tensor], target: Sequence[Tensor], places: Tensor | None = None
) -> Tensor:
    """MMD² with a Gaussian kernel over all pairs of layers, averaged over the batch.

    Args:
        source (Sequence[Tensor]): Maps of the frozen source network, each N×C×H×W; constants.
        target (Sequence[Tensor]): Maps of the trained target network, same shape, H·W ≥ 2.
        places (Tensor, optional): Which places pair up: a permutation of the H·W places, the
            first half of which meets the second. Drawn from torch's generator by default.

    Returns:
        Tensor: Scalar, float32 or better; an estimate, which may be below zero.

    Raises:
        ValueError: No maps, maps of different shapes, or of a single place.
    """
    check_block('dense_gaussian_mmd_loss', source, target)
    count = target[0].shape[2] * target[0].shape[3]
    if count < 2:
        raise ValueError('dense_gaussian_mmd_loss: maps of a single place have no pairs of places')
    if places is None:
        places = torch.randperm(count, device=target[0].device)
    half = count // 2
    with torch.autocast(target[0].device.type, enabled=False):
        parts = places[:half], places[half : 2 * half]
        # Selecting copies, which makes ordinary tensors of the source's inference tensors' values.
        sources, targets = (
            [[as_float(f).flatten(2).index_select(2, part) for part in parts] for f in maps]
            for maps in ([f.detach() for f in source], target)
        )
        pairs = [_gaussian_mmd(*s, *t) for s in sources for t in targets]
        return sum(pairs) / 4


@MODELS.register_module()
class DenseLinearMMDLoss(BlockLoss):
    """DGN-Linear: :func:`dense_linear_mmd_loss` over the blocks; see :class:`BlockLoss`."""

    def block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        """All pairs of one block."""
        return dense_linear_mmd_loss(source, target)


@MODELS.register_module()
class DenseGaussianMMDLoss(BlockLoss):
    """DGN-Gaussian: :func:`dense_gaussian_mmd_loss` over the blocks; see :class:`BlockLoss`."""

    def block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        """All pairs of one block."""
        return dense_gaussian_mmd_loss(source, target)
