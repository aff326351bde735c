"""Contextual loss: every clean feature is to have one like it somewhere in the restored image.

Mechrez, Talmi and Zelnik-Manor, "The Contextual Loss for Image Transformation with Non-Aligned
Data", ECCV 2018. For feature vectors x_i (restored) and y_j (clean) of an image, both minus the
mean of the y_j:

    d_ij  = 1 − cos(x_i, y_j)
    d̃_ij  = d_ij / (min_k d_ik + ε)                       Eq. 2, ε = 1e-5
    w_ij  = exp((1 − d̃_ij) / h)                           Eq. 3, h = 0.5
    CX_ij = w_ij / Σ_k w_ik                               Eq. 4
    L     = −log( mean_j max_i CX_ij )                    Eqs. 1 and 5

Deviation: the mean is each image's own, not that of the batch, so that the loss of an image does
not depend on its neighbours. Memory grows with the square of the number of positions: a 512-pixel
crop has 4,096 at conv4_2 of a VGG and 16,384 at conv3_2.
"""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor

from .block_loss import as_float
from .feature_loss import FeatureLoss

EPSILON = 1e-5


def contextual_loss(restored: Tensor, clean: Tensor, bandwidth: float = 0.5) -> Tensor:
    """Contextual loss of feature maps, averaged over images.

    Args:
        restored (Tensor): N×C×H×W.
        clean (Tensor): N×C×H'×W': as many images and channels.
        bandwidth (float): h. Defaults to 0.5.

    Returns:
        Tensor: Scalar, float32 or better; near 0 for identical maps without repetition.

    Raises:
        ValueError: N or C differ, or h is not positive.
    """
    if not bandwidth > 0:
        raise ValueError(f'contextual_loss: bandwidth={bandwidth}; allowed: > 0')
    if restored.ndim != 4 or clean.ndim != 4 or restored.shape[:2] != clean.shape[:2]:
        raise ValueError(
            f'contextual_loss: restored {tuple(restored.shape)} and clean {tuple(clean.shape)} '
            'must be N×C×H×W with the same N and C'
        )
    x, y = (as_float(maps).flatten(2) for maps in (restored, clean))
    mean = y.mean(2, keepdim=True)
    x, y = (F.normalize(maps - mean, dim=1) for maps in (x, y))
    distance = 1 - x.mT @ y
    relative = distance / (distance.amin(2, keepdim=True) + EPSILON)
    context = torch.softmax((1 - relative) / bandwidth, 2)
    return -context.amax(1).mean(1).log().mean()


@MODELS.register_module()
class RestorationContextualLoss(FeatureLoss):
    """:func:`contextual_loss` of the features of restored images, summed over layers.

    Args:
        feature_extractor (dict): Config of a ``FeatureExtractor``.
        bandwidth (float): h. Defaults to 0.5.
        loss_weight (float): Factor. Defaults to 1.
        border (int): Pixels left out along each side. Defaults to 0.

    Raises:
        ValueError: h is not positive, or what :class:`FeatureLoss` refuses.
        TypeError: ``feature_extractor`` is none.
    """

    def __init__(
        self,
        feature_extractor: dict,
        bandwidth: float = 0.5,
        loss_weight: float = 1.0,
        border: int = 0,
    ) -> None:
        super().__init__(feature_extractor, loss_weight, border)
        if not bandwidth > 0:
            raise ValueError(f'RestorationContextualLoss: bandwidth={bandwidth}; allowed: > 0')
        self.bandwidth = bandwidth

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        total = restored.new_zeros(())
        for found, wanted in zip(*self.features(restored, clean), strict=True):
            total = total + contextual_loss(found, wanted, self.bandwidth)
        return total
