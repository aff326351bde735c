"""What the losses between features of a restored and a clean image share."""

import torch
from torch import Tensor

from ..feature_extractors import build_feature_extractor
from .block_loss import as_float
from .restoration_loss import RestorationLoss


class FeatureLoss(RestorationLoss):
    """Base class: a frozen network reads both images; gradients flow into the restored one.

    The network is in no checkpoint, and its weights are loaded by ``init_weights()``, before
    training.

    Args:
        feature_extractor (dict): Config of a ``FeatureExtractor``: ``VGGFeatures``,
            ``BackboneFeatures``.
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.

    Raises:
        TypeError: It is no ``FeatureExtractor``.
        ValueError: What :class:`RestorationLoss` refuses.
    """

    def __init__(self, feature_extractor: dict, loss_weight: float = 1.0, border: int = 0) -> None:
        super().__init__(loss_weight, border)
        self.feature_extractor = build_feature_extractor(
            feature_extractor, f'{type(self).__name__}.feature_extractor'
        )

    def init_weights(self) -> None:
        """Load the extractor's weights."""
        self.feature_extractor.init_weights()

    def features(self, restored: Tensor, clean: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Maps of both, float32 or better; those of the clean images are constants."""
        with torch.no_grad():
            wanted = [as_float(one) for one in self.feature_extractor(clean)]
        return [as_float(one) for one in self.feature_extractor(restored)], wanted
