"""LPIPS as a loss of restored images.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018;
a term of D2SM's comparison. Arithmetic and weights: :mod:`mmdegrade.models.lpips`.
"""

from mmengine.registry import MODELS
from torch import Tensor

from ..frozen import FrozenNetwork
from ..lpips import build_lpips, fill_lpips
from .restoration_loss import RestorationLoss, image_pair


class _FrozenLPIPS(FrozenNetwork):
    """LPIPS whose weights come with ``init_weights()`` and stay out of checkpoints."""

    KEY = 'RestorationLPIPSLoss'

    def __init__(self, net: str, backbone: str, heads: str | None) -> None:
        super().__init__()
        self.given = dict(net=net, backbone=backbone, heads=heads)
        self.lpips = build_lpips(net, self.KEY)
        self.freeze()

    def load(self) -> None:
        fill_lpips(self.lpips, **self.given, key=self.KEY)

    def forward(self, restored: Tensor, clean: Tensor) -> Tensor:
        self.require_weights()
        return self.lpips(restored, clean, normalize=True)


@MODELS.register_module()
class RestorationLPIPSLoss(RestorationLoss):
    """LPIPS, averaged over the images of a batch.

    Restored images beyond [0, 1] are compared as they are: clipped, they would have no gradient.

    Args:
        backbone (str): File of torchvision's ImageNet weights of ``net``.
        net (str): ``'alex'`` (default), ``'vgg'`` (which its authors advise for optimising) or
            ``'squeeze'``.
        heads (str, optional): File of the linear layers. Defaults to those of torchmetrics.
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.

    Raises:
        ValueError: Unknown ``net``, or what :class:`RestorationLoss` refuses.
        FileNotFoundError, ValueError: A file is missing or holds other weights; on
            ``init_weights()``.
    """

    def __init__(
        self,
        backbone: str,
        net: str = 'alex',
        heads: str | None = None,
        loss_weight: float = 1.0,
        border: int = 0,
    ) -> None:
        super().__init__(loss_weight, border)
        self.network = _FrozenLPIPS(net, backbone, heads)

    def init_weights(self) -> None:
        """Load the weights."""
        self.network.init_weights()

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        return self.network(*image_pair('RestorationLPIPSLoss', restored, clean)).mean()
