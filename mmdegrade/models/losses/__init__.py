"""Losses: a function and a thin registered class in each file."""

from .dense_gram import DenseGramLoss, dense_gram_loss, gram_matrix
from .sigmoid_cross_entropy import SigmoidCrossEntropyLoss, sigmoid_ce

__all__ = [
    'DenseGramLoss',
    'SigmoidCrossEntropyLoss',
    'dense_gram_loss',
    'gram_matrix',
    'sigmoid_ce',
]
