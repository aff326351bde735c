"""The two sides of an adversarial training, as in Goodfellow et al., "Generative Adversarial Nets",
NeurIPS 2014: binary cross-entropy on logits, the generator by its non-saturating form.
"""

import torch.nn.functional as F
from torch import Tensor

from .block_loss import as_float


def adversarial_loss(logits: Tensor, real: bool) -> Tensor:
    """Mean binary cross-entropy of a discriminator's scores against one answer.

    Args:
        logits (Tensor): Any shape; large for what is taken for real.
        real (bool): The answer. A discriminator learns True for real samples and False for made
            ones; who makes them learns True for those.

    Returns:
        Tensor: Scalar in nats, float32 or better.
    """
    logits = as_float(logits)
    return F.softplus(-logits if real else logits).mean()


def discriminator_loss(logits: Tensor) -> Tensor:
    """What a discriminator minimises: the mean of its losses on real and on made samples.

    Args:
        logits (Tensor): Of a batch whose first half is real, and whose second is made.

    Returns:
        Tensor: Scalar in nats, 0.69 when it cannot tell.
    """
    real, made = logits.chunk(2)
    return (adversarial_loss(real, True) + adversarial_loss(made, False)) / 2
