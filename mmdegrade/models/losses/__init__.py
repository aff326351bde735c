"""Losses: a function and a thin registered class in each file."""

from .adversarial import adversarial_loss
from .block_loss import BlockLoss
from .d2sm import D2SMLoss, d2sm_loss
from .dense_gram import DenseGramLoss, dense_gram_loss, gram_matrix
from .dense_mmd import (
    DenseGaussianMMDLoss,
    DenseLinearMMDLoss,
    dense_gaussian_mmd_loss,
    dense_linear_mmd_loss,
)
from .dense_mse import DenseMSELoss, dense_mse_loss
from .feature_loss import FeatureLoss
from .noise_estimate import asymmetric_loss, squared_variation
from .restoration_charbonnier import RestorationCharbonnierLoss, restoration_charbonnier
from .restoration_contextual import RestorationContextualLoss, contextual_loss
from .restoration_l1 import RestorationL1Loss, restoration_l1
from .restoration_loss import RestorationLoss
from .restoration_lpips import RestorationLPIPSLoss
from .restoration_mse import RestorationMSELoss, restoration_mse
from .restoration_perceptual import RestorationPerceptualLoss
from .restoration_ssim import RestorationSSIMLoss, restoration_ssim
from .segmentation_loss import SegmentationLoss, mean_cross_entropy
from .sigmoid_cross_entropy import SigmoidCrossEntropyLoss, sigmoid_ce

__all__ = [
    'BlockLoss',
    'D2SMLoss',
    'DenseGaussianMMDLoss',
    'DenseGramLoss',
    'DenseLinearMMDLoss',
    'DenseMSELoss',
    'FeatureLoss',
    'RestorationCharbonnierLoss',
    'RestorationContextualLoss',
    'RestorationL1Loss',
    'RestorationLPIPSLoss',
    'RestorationLoss',
    'RestorationMSELoss',
    'RestorationPerceptualLoss',
    'RestorationSSIMLoss',
    'SegmentationLoss',
    'SigmoidCrossEntropyLoss',
    'adversarial_loss',
    'asymmetric_loss',
    'contextual_loss',
    'd2sm_loss',
    'dense_gaussian_mmd_loss',
    'dense_gram_loss',
    'dense_linear_mmd_loss',
    'dense_mse_loss',
    'gram_matrix',
    'mean_cross_entropy',
    'restoration_charbonnier',
    'restoration_l1',
    'restoration_mse',
    'restoration_ssim',
    'sigmoid_ce',
    'squared_variation',
]
