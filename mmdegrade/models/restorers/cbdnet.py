"""CBDNet: a blind denoiser that first estimates the level of the noise.

Guo et al., "Toward Convolutional Blind Denoising of Real Photographs", CVPR 2019, in the widths of
IDKiro/CBDNet-pytorch, which D2SM (semantic statistics matching) trains. 4,365,382 parameters:

- estimator: five 3×3 convolutions 3→32→32→32→32→3, ReLU behind each, the last one too: a level for
  each value;
- denoiser: a U-Net on [image, level], 6 channels: 2 convolutions of 64, average pooling, 3 of 128,
  average pooling, 6 of 256, transposed convolution 256→128 added to what was pooled, 3 of 128,
  transposed convolution 128→64 added likewise, 2 of 64, a 1×1 convolution to 3; ReLU behind each
  3×3 convolution. Its output is added to the image.

Loss: squared error of the image + 0.5 asymmetric error of the level + 0.05 its variation. The first
is a loss of the model (``RestorationMSELoss``), the other two are the network's own
(:meth:`CBDNet.auxiliary_losses`).

Decisions: sides that 4 does not divide are padded by their last row or column and cut again (that
repository pads inside, with zeros). The own losses run the estimator a second time: 6 % of the
multiplications of a pass, and nothing has to be remembered between two calls.
"""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from ..conditions import noise_level
from ..losses.noise_estimate import asymmetric_loss, squared_variation
from .base import Restorer
from .padding import pad_to_multiple


def _convs(*widths: int) -> nn.Sequential:
    """3×3 convolutions with ReLU behind each."""
    layers: list[nn.Module] = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """The denoiser: N×6×H×W, sides divisible by 4 → N×3×H×W."""

    def __init__(self) -> None:
        super().__init__()
        self.encode1 = _convs(6, 64, 64)
        self.encode2 = _convs(64, 128, 128, 128)
        self.encode4 = _convs(128, *(256,) * 6)
        self.up2 = nn.ConvTranspose2d(256, 128, 2, stride=2)
        self.decode2 = _convs(128, 128, 128, 128)
        self.up1 = nn.ConvTranspose2d(128, 64, 2, stride=2)
        self.decode1 = _convs(64, 64, 64)
        self.last = nn.Conv2d(64, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """What is to be added to the image."""
        full = self.encode1(x)
        half = self.encode2(F.avg_pool2d(full, 2))
        quarter = self.encode4(F.avg_pool2d(half, 2))
        half = self.decode2(half + self.up2(quarter))
        return self.last(self.decode1(full + self.up1(half)))


@MODELS.register_module()
class CBDNet(Restorer):
    """Convolutional blind denoising network.

    Args:
        asymmetric_weight (float): Factor of the asymmetric error of the estimated level, for which
            the pipeline must record σ. 0 leaves it out, for real noise. Defaults to 0.5.
        variation_weight (float): Factor of the level's variation. Defaults to 0.05.
        alpha (float): α of :func:`asymmetric_loss`. Defaults to 0.3.

    Raises:
        ValueError: A negative weight, or α out of range.
    """

    stride = 4
    receptive_radius = 48  # 5 + 2 + 2·3 + 4·6 + 2·3 + 2 of the convolutions, 3 of the cells

    def __init__(
        self,
        asymmetric_weight: float = 0.5,
        variation_weight: float = 0.05,
        alpha: float = 0.3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        given = dict(asymmetric_weight=asymmetric_weight, variation_weight=variation_weight)
        for name, value in given.items():
            if value < 0:
                raise ValueError(f'CBDNet: {name}={value}; allowed: 0 (left out) or more')
        if not 0 <= alpha <= 1:
            raise ValueError(f'CBDNet: alpha={alpha}; allowed: 0 to 1')
        self.asymmetric_weight = asymmetric_weight
        self.variation_weight = variation_weight
        self.alpha = alpha
        self.estimator = _convs(3, 32, 32, 32, 32, 3)
        self.denoiser = UNet()

    def estimate(self, images: Tensor) -> Tensor:
        """Level of the noise, σ/255 of each value: N×3×H×W images → the same shape, from 0 up."""
        return self.estimator(images)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, not clipped. ``condition`` is ignored."""
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f'CBDNet: images of shape {tuple(images.shape)}; allowed: N×3×H×W')
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, 4)
        restored = padded + self.denoiser(torch.cat([padded, self.estimate(padded)], 1))
        return restored[..., :height, :width]

    def auxiliary_losses(
        self, images: Tensor, clean: Tensor, data_samples: list | None = None
    ) -> dict[str, Tensor]:
        """Losses of the estimated level: 'noise_asymmetric' and 'noise_variation', weighted.

        Raises:
            ValueError: No σ is recorded (:func:`mmdegrade.models.conditions.noise_level`).
        """
        losses = {}
        estimate = self.estimate(images)
        if self.asymmetric_weight:
            level = noise_level(images, data_samples)
            error = asymmetric_loss(estimate, level, self.alpha)
            losses['noise_asymmetric'] = self.asymmetric_weight * error
        if self.variation_weight:
            losses['noise_variation'] = self.variation_weight * squared_variation(estimate)
        return losses
