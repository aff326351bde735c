"""Squared error of restored images.

SDABN (segmentation–denoising alternate boosting) trains its denoisers on Σ‖x̂ − x‖² / (2N) over a
batch of N images, a border of 1 pixel left out: ``reduction='half_sum', border=1``. That is the
mean over values times C·H·W / 2: for Adam the same but for its ε and its weight decay.
"""

from mmengine.registry import MODELS
from torch import Tensor

from .restoration_loss import RestorationLoss, image_pair

REDUCTIONS = ('mean', 'half_sum')


def restoration_mse(restored: Tensor, clean: Tensor, reduction: str = 'mean') -> Tensor:
    """Squared error.

    Args:
        restored (Tensor): N×C×H×W.
        clean (Tensor): The same shape.
        reduction (str): ``'mean'`` over all values, or ``'half_sum'``: half the sum over an image,
            averaged over the N images.

    Returns:
        Tensor: Scalar, float32 or better.

    Raises:
        ValueError: The shapes differ, or an unknown ``reduction``.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f'restoration_mse: reduction={reduction!r}; allowed: {REDUCTIONS}')
    restored, clean = image_pair('restoration_mse', restored, clean)
    squares = (restored - clean).square()
    return squares.mean() if reduction == 'mean' else squares.sum() / (2 * len(squares))


@MODELS.register_module()
class RestorationMSELoss(RestorationLoss):
    """:func:`restoration_mse` as a loss of restored images.

    Args:
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.
        reduction (str): 'mean' or 'half_sum'. Defaults to 'mean'.

    Raises:
        ValueError: Unknown ``reduction``, or what :class:`RestorationLoss` refuses.
    """

    def __init__(self, loss_weight: float = 1.0, border: int = 0, reduction: str = 'mean') -> None:
        super().__init__(loss_weight, border)
        if reduction not in REDUCTIONS:
            raise ValueError(f'RestorationMSELoss: reduction={reduction!r}; allowed: {REDUCTIONS}')
        self.reduction = reduction

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        return restoration_mse(restored, clean, self.reduction)
