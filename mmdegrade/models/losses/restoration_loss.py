"""What the losses between a restored and a clean image share: weight, border, precision."""

from torch import Tensor, nn

from mmdegrade.degradations.parameters import is_integer

from ..image_quality import check_same_size, shave
from .block_loss import as_float


def image_pair(name: str, restored: Tensor, clean: Tensor) -> tuple[Tensor, Tensor]:
    """Check two batches of images and lift them out of half precision.

    Args:
        name (str): Who asks, for the error.
        restored (Tensor): N×C×H×W.
        clean (Tensor): The same shape.

    Returns:
        tuple[Tensor, Tensor]: Both, float32 or better.

    Raises:
        ValueError: The shapes differ.
    """
    check_same_size(name, restored, clean)
    return as_float(restored), as_float(clean)


class RestorationLoss(nn.Module):
    """Base class: ``loss_weight`` times the distance of a restored and a clean image.

    Args:
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side, where a network that pads sees half of what
            it needs. Defaults to 0.

    Raises:
        ValueError: ``loss_weight`` is not positive, or ``border`` is negative.
    """

    def __init__(self, loss_weight: float = 1.0, border: int = 0) -> None:
        super().__init__()
        name = type(self).__name__
        if not loss_weight > 0:
            raise ValueError(f'{name}: loss_weight={loss_weight} does nothing; allowed: > 0')
        if not is_integer(border, 0):
            raise ValueError(f'{name}: border={border!r}; allowed: 0 or more pixels')
        self.loss_weight = loss_weight
        self.border = border

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        """The unweighted loss of images without their border, a scalar."""
        raise NotImplementedError

    def forward(self, restored: Tensor, clean: Tensor, data_samples=None) -> Tensor:
        """Compute the loss.

        Args:
            restored (Tensor): N×3×H×W RGB on [0, 1], not clipped.
            clean (Tensor): The same shape.
            data_samples: Ignored.

        Returns:
            Tensor: Scalar.

        Raises:
            ValueError: The shapes differ, or the border leaves nothing.
        """
        check_same_size(type(self).__name__, restored, clean)
        pair = shave(restored, self.border), shave(clean, self.border)
        return self.loss_weight * self.distance(*pair)
