"""Fidelity maps: how far a restored image can be trusted at each pixel.

Lin, Bhattacharjee, El Helou and Süsstrunk, "Fidelity Estimation Improves Noisy-Image Classification
With Pretrained Networks" (FG-NIC), SPL 2021; its report, Appendix B, for the constants; data flow
as in the repository IVRL/FG-NIC (``model.py``):

    ℓ1: |R − x|,  ℓ2: (R − x)²          3 channels
    M = mean over channels of 1 − (map − mean) / std
    cosine: R·x / (|R| |x|) at each pixel, 1 channel, not normalised

R is the restored and x the clean image. The constants are those of a restored image whose error is
normal, from the levels s that are trained on (their set with 0, n levels in all):

    σ² = Σ s² / (2 n²);  ℓ1: mean σ√(2/π), std σ√(1 − 2/π);  ℓ2: mean σ², std √2 σ²

For 0, 0.1, …, 0.5 these are 0.069736 and 0.052686, 0.0076389 and 0.010803, as in their code. That
σ² is a mean over n² instead of n, and that the report writes "variance √2 σ²" for the ℓ2 map, is
doubtful; the code's constants are kept.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: 0.1 to 0.5 on [0, 1]; the clean level 0 counts beside them.
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5)
MEASURES = ('l1', 'l2', 'cosine')


def l1_map(restored: Tensor, clean: Tensor) -> Tensor:
    """|R − x|: two N×3×H×W RGB images on [0, 1] → N×3×H×W."""
    return (restored - clean).abs()


def l2_map(restored: Tensor, clean: Tensor) -> Tensor:
    """(R − x)²: two N×3×H×W RGB images on [0, 1] → N×3×H×W."""
    return (restored - clean).square()


def cosine_map(restored: Tensor, clean: Tensor) -> Tensor:
    """Cosine of the angle between the colours of a pixel: two N×3×H×W images → N×1×H×W.

    Black pixels, which have no direction, give 0.
    """
    return F.cosine_similarity(restored, clean, dim=1).unsqueeze(1)


_MAPS = dict(l1=l1_map, l2=l2_map, cosine=cosine_map)


def map_statistics(measure: str, levels: Sequence[float] = LEVELS) -> tuple[float, float]:
    """Mean and standard deviation that a map is normalised by (Appendix B).

    Args:
        measure: ``'l1'`` or ``'l2'``; ``'cosine'`` is not normalised and gives (1, 1), by which
            1 − (map − mean) / std would be 2 − map: see :class:`FidelityMap`.
        levels: Noise levels on [0, 1] that are trained on, without 0.

    Raises:
        ValueError: Another measure; no levels, or one that is not in (0, 1].
    """
    _check_measure(measure)
    levels = tuple(levels)
    if not levels or any(not 0 < level <= 1 for level in levels):
        raise ValueError(
            f'model.fidelity.levels={levels!r}; allowed: noise levels above 0 and up to 1, as '
            f'{LEVELS}'
        )
    if measure == 'cosine':
        return 1.0, 1.0
    variance = sum(level**2 for level in levels) / (2 * (len(levels) + 1) ** 2)
    if measure == 'l2':
        return variance, math.sqrt(2) * variance
    sigma = math.sqrt(variance)
    return sigma * math.sqrt(2 / math.pi), sigma * math.sqrt(1 - 2 / math.pi)


def _check_measure(measure: str) -> None:
    if measure not in MEASURES:
        raise ValueError(f'model.fidelity.measure={measure!r}; allowed: {list(MEASURES)}')


class FidelityMap(nn.Module):
    """Make the map of two images, and normalise maps.

    Args:
        measure (str): ``'l1'``, ``'l2'`` or ``'cosine'``. Defaults to 'l1'.
        levels (Sequence[float]): Noise levels on [0, 1] that are trained on, without 0; the
            constants of the normalisation follow from them. Defaults to 0.1, …, 0.5.

    Raises:
        ValueError: Another measure, or levels out of range.
    """

    def __init__(self, measure: str = 'l1', levels: Sequence[float] = LEVELS) -> None:
        super().__init__()
        self.mean, self.std = map_statistics(measure, levels)
        self.measure = measure

    def of(self, restored: Tensor, clean: Tensor) -> Tensor:
        """The true map: two N×3×H×W images → N×3×H×W, for 'cosine' N×1×H×W; not normalised.

        Raises:
            ValueError: Images of different size.
        """
        if restored.shape != clean.shape:
            raise ValueError(
                f'fidelity map: the restored image is {tuple(restored.shape)}, the clean one '
                f'{tuple(clean.shape)}; a restorer must keep the size'
            )
        return _MAPS[self.measure](restored, clean)

    def forward(self, values: Tensor) -> Tensor:
        """A map, true or estimated, → fidelity M: N×C×H×W → N×1×H×W."""
        if self.measure != 'cosine':
            values = 1 - (values - self.mean) / self.std
        return torch.mean(values, 1, keepdim=True)

    def extra_repr(self) -> str:
        return f'measure={self.measure!r}, mean={self.mean:.6g}, std={self.std:.6g}'
