"""Charbonnier loss of restored images: an absolute error that is smooth at 0.

Charbonnier et al., "Two deterministic half-quadratic regularization algorithms for computed
imaging", ICIP 1994; for image restoration Lai et al., "Deep Laplacian Pyramid Networks", CVPR 2017,
with ε = 1e-3:

    mean of √((x̂ − x)² + ε²)
"""

from mmengine.registry import MODELS
from torch import Tensor

from .restoration_loss import RestorationLoss, image_pair


def restoration_charbonnier(restored: Tensor, clean: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of √((restored − clean)² + ε²) over all values.

    Args:
        restored (Tensor): N×C×H×W.
        clean (Tensor): The same shape.
        epsilon (float): ε, on the scale of the images; above it the loss is nearly |x̂ − x|.

    Returns:
        Tensor: Scalar, float32 or better; ε for identical images.

    Raises:
        ValueError: The shapes differ, or ε is not positive.
    """
    if not epsilon > 0:
        raise ValueError(f'restoration_charbonnier: epsilon={epsilon}; allowed: > 0')
    restored, clean = image_pair('restoration_charbonnier', restored, clean)
    return ((restored - clean).square() + epsilon**2).sqrt().mean()


@MODELS.register_module()
class RestorationCharbonnierLoss(RestorationLoss):
    """:func:`restoration_charbonnier` as a loss of restored images.

    Args:
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.
        epsilon (float): ε. Defaults to 1e-3.

    Raises:
        ValueError: ε is not positive, or what :class:`RestorationLoss` refuses.
    """

    def __init__(self, loss_weight: float = 1.0, border: int = 0, epsilon: float = 1e-3) -> None:
        super().__init__(loss_weight, border)
        if not epsilon > 0:
            raise ValueError(f'RestorationCharbonnierLoss: epsilon={epsilon}; allowed: > 0')
        self.epsilon = epsilon

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        return restoration_charbonnier(restored, clean, self.epsilon)
