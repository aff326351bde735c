"""Several restorers in a row, each of which sees the noisy image and what the one before made.

DDFN×n of SDABN (Xu et al., "Synergy between Semantic Segmentation and Image Denoising via Alternate
Boosting"): its cascade without the segmentors. Adding the noisy image to an estimate and denoising
the sum is the boosting scheme of Chen et al., "Deep Boosting for Image Denoising" (ECCV 2018):

    x̂_i = D_i(y + x̂_{i-1}),   x̂_0 = 0

The skip is a sum, so D_2 and the following see an image on [0, 2]; nothing is clipped in between.
"""

from collections.abc import Callable, Iterable
from functools import partial

from mmengine.registry import MODELS
from torch import Tensor

from .base import Restorer
from .build import build_restorer
from .residual_block import check_count


def boost(images: Tensor, steps: Iterable[Callable[[Tensor], Tensor]]) -> Tensor:
    """x̂_n of the recursion above.

    Args:
        images (Tensor): y, N×3×H×W.
        steps (Iterable[Callable]): D_1, D_2, …, each from an N×3×H×W sum to an image.

    Returns:
        Tensor: N×3×H×W; ``images`` without steps.
    """
    total = restored = images
    for step in steps:
        restored = step(total)
        total = images + restored
    return restored


@MODELS.register_module()
class RestorerCascade(Restorer):
    """D1 → D2 → … of one kind, children ``D1``, ``D2``, …, all told the same condition.

    ``CascadeRestorationModel`` trains it, part by part.

    Args:
        restorer (dict): Config of a ``Restorer``, the same for all.
        num (int): How many. Defaults to 2.

    Raises:
        TypeError: ``restorer`` is not a ``Restorer``.
        ValueError: ``num`` is no positive integer.
    """

    def __init__(self, restorer: dict, num: int = 2, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        check_count('RestorerCascade', 'num', num)
        for i in range(1, num + 1):
            self.add_module(f'D{i}', build_restorer(restorer, 'RestorerCascade.restorer'))
        self.conditional = self.D1.conditional
        radius = self.D1.receptive_radius
        self.receptive_radius = None if radius is None else num * radius
        self.stride = self.D1.stride

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, restored, not clipped."""
        return boost(images, [partial(part, condition=condition) for part in self.children()])
