"""Sigmoid cross-entropy over one-hot classes.

Paper: Guo et al., "Degraded Image Semantic Segmentation with Dense-Gram Networks" (TIP 2020),
Eq. 4. As printed it has a sign error; with p = sigmoid(logit) the loss of a pixel is

    -sum_c [ y_c log p_c + (1 - y_c) log(1 - p_c) ]  =  sum_c softplus(z_c)  -  z_label

where the right-hand side (z: logits) is what is computed: no one-hot tensor, no logarithm of a
rounded probability.

mmseg's ``CrossEntropyLoss(use_sigmoid=True, avg_non_ignore=True)`` is the same function divided
by the number of classes when ``reduction='mean'``, and equal to this one for ``'sum'``.
"""

import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from ..labels import check_labels


def sigmoid_ce(
    logits: Tensor,
    target: Tensor,
    ignore_index: int = 255,
    reduction: str = 'mean',
    weight: Tensor | None = None,
    avg_factor: float | None = None,
) -> Tensor:
    """Sigmoid cross-entropy, summed over classes, reduced over pixels.

    Args:
        logits (Tensor): (N, C, ...) float; half precision is computed in float32.
        target (Tensor): (N, ...) integer class numbers, 0 to C - 1, or ``ignore_index``.
        ignore_index (int): Label of pixels that contribute neither loss nor gradient.
        reduction (str): ``'mean'``: over the pixels not ignored, 0 if all are; ``'sum'``: over
            the same pixels.
        weight (Tensor, optional): (N, ...) factor per pixel; not part of the mean's divisor.
        avg_factor (float, optional): Replaces the divisor of ``'mean'``.

    Returns:
        Tensor: scalar, nats; float32, or float64 if ``logits`` are.

    Raises:
        ValueError: unknown ``reduction``; ``avg_factor`` with ``'sum'``; shapes that do not
            match; a label out of range.
    """
    if reduction not in ('mean', 'sum'):
        raise ValueError(f"reduction={reduction!r} is not known; allowed: 'mean', 'sum'")
    if avg_factor is not None and reduction == 'sum':
        raise ValueError(f"avg_factor={avg_factor!r} has no meaning with reduction='sum'")
    expected = (logits.shape[0], *logits.shape[2:])
    for name, value in (('target', target), ('weight', weight)):
        if value is not None and tuple(value.shape) != expected:
            raise ValueError(
                f'{name} has shape {tuple(value.shape)}; logits of '
                f'{tuple(logits.shape)} need {expected}'
            )
    valid = check_labels('target', target, logits.shape[1], ignore_index)
    if logits.element_size() < 4:  # a sum over pixels overflows float16
        logits = logits.float()
    index = target.masked_fill(~valid, 0).long().unsqueeze(1)
    # -logsigmoid(-z) is softplus(z) without F.softplus's cut-off at z = 20.
    pixels = -F.logsigmoid(-logits).sum(1) - logits.gather(1, index).squeeze(1)
    if weight is not None:
        pixels = pixels * weight
    total = pixels.masked_fill(~valid, 0).sum()
    if reduction == 'sum':
        return total
    return total / (valid.sum().clamp(min=1) if avg_factor is None else avg_factor)


@MODELS.register_module()
class SigmoidCrossEntropyLoss(nn.Module):
    """:func:`sigmoid_ce` as a ``loss_decode`` of mmseg heads.

    Args:
        reduction (str): ``'mean'`` or ``'sum'``, over the pixels not ignored.
        loss_weight (float): Factor of the loss.
        loss_name (str): Name in the log. Must contain 'loss' to be optimised.

    Raises:
        ValueError: ``reduction`` is neither of the two.
    """

    def __init__(
        self, reduction: str = 'mean', loss_weight: float = 1.0, loss_name: str = 'loss_sigmoid_ce'
    ):
        super().__init__()
        if reduction not in ('mean', 'sum'):
            raise ValueError(f"reduction={reduction!r} is not known; allowed: 'mean', 'sum'")
        self.reduction = reduction
        self.loss_weight = loss_weight
        self._loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        ignore_index: int = 255,
        **kwargs,
    ) -> Tensor:
        """Weighted :func:`sigmoid_ce` of (N, C, H, W) scores and (N, H, W) labels, a scalar."""
        return self.loss_weight * sigmoid_ce(
            cls_score, label, ignore_index, self.reduction, weight, avg_factor
        )

    @property
    def loss_name(self) -> str:
        """Name of this loss in the log."""
        return self._loss_name
