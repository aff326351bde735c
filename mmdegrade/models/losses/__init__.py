"""Losses: a function and a thin registered class in each file."""

from .block_loss import BlockLoss
from .dense_gram import DenseGramLoss, dense_gram_loss, gram_matrix
from .dense_mmd import (
    DenseGaussianMMDLoss,
    DenseLinearMMDLoss,
    dense_gaussian_mmd_loss,
    dense_linear_mmd_loss,
)
from .dense_mse import DenseMSELoss, dense_mse_loss
from .sigmoid_cross_entropy import SigmoidCrossEntropyLoss, sigmoid_ce

__all__ = [
    'BlockLoss',
    'DenseGaussianMMDLoss',
    'DenseGramLoss',
    'DenseLinearMMDLoss',
    'DenseMSELoss',
    'SigmoidCrossEntropyLoss',
    'dense_gaussian_mmd_loss',
    'dense_gram_loss',
    'dense_linear_mmd_loss',
    'dense_mse_loss',
    'gram_matrix',
    'sigmoid_ce',
]
