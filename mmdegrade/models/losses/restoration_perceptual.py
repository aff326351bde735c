"""Perceptual loss: restored images are to have the features of clean ones.

Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution",
ECCV 2016: the squared error of feature maps, divided by their size. D2SM's repository takes the
absolute error (``norm='l1'``) of conv3_2 of VGG19 before its ReLU, with ImageNet's mean and
deviation.
"""

from mmengine.registry import MODELS
from torch import Tensor

from .feature_loss import FeatureLoss

NORMS = ('mse', 'l1')


@MODELS.register_module()
class RestorationPerceptualLoss(FeatureLoss):
    """Error of feature maps, averaged over values, summed over layers.

    Args:
        feature_extractor (dict): Config of a ``FeatureExtractor``.
        norm (str): ``'mse'`` (default) or ``'l1'``.
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.

    Raises:
        ValueError: Unknown ``norm``, or what :class:`FeatureLoss` refuses.
        TypeError: ``feature_extractor`` is none.
    """

    def __init__(
        self, feature_extractor: dict, norm: str = 'mse', loss_weight: float = 1.0, border: int = 0
    ) -> None:
        super().__init__(feature_extractor, loss_weight, border)
        if norm not in NORMS:
            raise ValueError(f'RestorationPerceptualLoss: norm={norm!r}; allowed: {NORMS}')
        self.norm = norm

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        total = restored.new_zeros(())
        for found, wanted in zip(*self.features(restored, clean), strict=True):
            difference = found - wanted
            error = difference.square() if self.norm == 'mse' else difference.abs()
            total = total + error.mean()
        return total
