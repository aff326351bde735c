"""Losses of an estimate of the noise level: those of CBDNet.

Guo et al., "Toward Convolutional Blind Denoising of Real Photographs", CVPR 2019:

    L_asymm = mean of |α − 1[σ̂ < σ]| (σ̂ − σ)²        Eq. 3
    L_TV    = mean of (∇_h σ̂)² + mean of (∇_v σ̂)²     Eq. 4

With α = 0.3, too low an estimate costs 0.7 and too high a one 0.3: a denoiser that is told too
little leaves noise behind.

Deviations: means instead of sums over pixels, over the images of a batch, too. The PyTorch version
that others build upon (IDKiro/CBDNet-pytorch) has the indicator the other way round, so that it
punishes too high an estimate; here it is the paper's.
"""

from torch import Tensor


def asymmetric_loss(estimate: Tensor, level: Tensor, alpha: float = 0.3) -> Tensor:
    """Squared error of a noise level that weighs estimates below it by 1 − α, above it by α.

    Args:
        estimate (Tensor): σ̂, N×C×H×W on the scale of ``level``.
        level (Tensor): σ, broadcast to it: N×1×1×1 where it is the same everywhere.
        alpha (float): α, 0 to 1. Defaults to 0.3.

    Returns:
        Tensor: Scalar.

    Raises:
        ValueError: α is out of range.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f'asymmetric_loss: alpha={alpha}; allowed: 0 to 1')
    below = (estimate < level).to(estimate.dtype)
    return ((alpha - below).abs() * (estimate - level).square()).mean()


def squared_variation(estimate: Tensor) -> Tensor:
    """Mean squared difference of vertical neighbours plus that of horizontal ones.

    Args:
        estimate (Tensor): N×C×H×W.

    Returns:
        Tensor: Scalar; 0 for maps without structure.
    """
    total = estimate.new_zeros(())
    for axis in (2, 3):
        if estimate.shape[axis] > 1:
            total = total + estimate.diff(dim=axis).square().mean()
    return total
