"""SADNet: a blind denoiser that looks where similar pixels are.

Chang et al., "Spatial-Adaptive Network for Single Image Denoising", ECCV 2020; layers as in the
authors' repository (JimmyChame/SADNet, ``sadnet.py``). 4,234,723 parameters (counted from its layer
list):

- encoder: residual blocks (two 3×3 convolutions) at four scales of 32, 64, 128 and 256 channels,
  2×2 convolutions of stride 2 with LeakyReLU between them;
- context block at the coarsest scale: 256→64, four 3×3 convolutions of dilation 1, 2, 3 and 4 side
  by side, 256→256, added to what came in;
- decoder, from coarse to fine: offsets are predicted from the features and, from the second scale
  on, from the offset features of the scale before, enlarged and multiplied by 2; a residual block
  whose first convolution is deformable and modulated (8 groups) reads the features there;
  transposed convolution, the encoder's features beside it, 1×1 convolution;
- a 3×3 convolution to 3, added to the image.

Every LeakyReLU has slope 0.2; weights start by Xavier's uniform rule, biases at 0.

Decisions: offsets and modulation start at zero, as DCNv2 has them (in the authors' code the
initialisation of the block around it runs over those zeros). Deformable convolution is
:func:`mmdegrade.compat.deform_conv.deform_conv2d`: no compiled operation. Sides that 8 does not
divide are padded by their last row or column and cut again.
"""

import math

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from mmdegrade.compat.deform_conv import deform_conv2d

from .base import Restorer
from .padding import pad_to_multiple

SLOPE = 0.2
GROUPS = 8  # of channels that move together
OFFSETS = 32  # channels of offset features


def _conv(before: int, after: int, size: int = 3, dilation: int = 1) -> nn.Conv2d:
    """Convolution that keeps H×W."""
    return nn.Conv2d(before, after, size, padding=size // 2 * dilation, dilation=dilation)


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE, inplace=True)


class ResidualBlock(nn.Module):
    """x + conv(LeakyReLU(conv(x))), x first brought to the width by a 1×1 convolution."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.project = nn.Identity() if before == after else _conv(before, after, 1)
        self.conv1 = _conv(after, after)
        self.conv2 = _conv(after, after)

    def forward(self, x: Tensor) -> Tensor:
        x = self.project(x)
        return x + self.conv2(_leaky(self.conv1(x)))


class ContextBlock(nn.Module):
    """Four dilations side by side in a quarter of the channels, added to x."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        self.reduce = _conv(channels, inner, 1)
        self.convs = nn.ModuleList(_conv(inner, inner, dilation=d) for d in (1, 2, 3, 4))
        self.fuse = _conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        return x + self.fuse(torch.cat([_leaky(conv(reduced)) for conv in self.convs], 1))


class OffsetBlock(nn.Module):
    """Offset features, N×32×H×W, from the features and those of the coarser scale."""

    def __init__(self, channels: int, transfer: bool) -> None:
        super().__init__()
        self.conv1 = _conv(channels, OFFSETS)
        self.transfer = _conv(2 * OFFSETS, OFFSETS) if transfer else None
        self.conv2 = _conv(OFFSETS, OFFSETS)

    def forward(self, x: Tensor, coarser: Tensor | None = None) -> Tensor:
        offset = _leaky(self.conv1(x))
        if self.transfer is not None:
            # A shift of one pixel there is one of two pixels here.
            coarser = 2 * F.interpolate(coarser, scale_factor=2, mode='bilinear')
            offset = _leaky(self.transfer(torch.cat([offset, coarser], 1)))
        return _leaky(self.conv2(offset))


class AdaptiveBlock(nn.Module):
    """Residual spatial-adaptive block: x + conv(LeakyReLU(deformable convolution of x))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(9 * channels)
        self.weight = nn.Parameter(torch.empty(channels, channels, 3, 3).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.where = _conv(OFFSETS, 3 * 9 * GROUPS)
        self.conv = _conv(channels, channels)

    def forward(self, x: Tensor, offset_features: Tensor) -> Tensor:
        offset, mask = self.where(offset_features).split([18 * GROUPS, 9 * GROUPS], 1)
        seen = deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask.sigmoid())
        return x + self.conv(_leaky(seen))


class DecoderStage(nn.Module):
    """From one scale to the next finer one: enlarge, join the encoder's features, adapt."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.join = _conv(2 * channels, channels, 1)
        self.offset = OffsetBlock(channels, transfer=True)
        self.adapt = AdaptiveBlock(channels)

    def forward(self, x: Tensor, encoded: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
        x = self.join(torch.cat([self.up(x), encoded], 1))
        offset = self.offset(x, offset)
        return self.adapt(x, offset), offset


@MODELS.register_module()
class SADNet(Restorer):
    """Spatial-adaptive denoising network.

    Args:
        width (int): Channels at the finest scale, a multiple of 8; each coarser one has twice as
            many. Defaults to 32.

    Raises:
        ValueError: ``width`` is no positive multiple of 8.
    """

    stride = 8

    def __init__(self, width: int = 32, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if width < 1 or width % GROUPS:
            raise ValueError(f'SADNet: width={width}; allowed: multiples of {GROUPS}')
        widths = [width << scale for scale in range(4)]
        self.encoder = nn.ModuleList(
            ResidualBlock(3 if channels == width else channels, channels) for channels in widths
        )
        self.down = nn.ModuleList(nn.Conv2d(c, 2 * c, 2, stride=2) for c in widths[:-1])
        self.context = ContextBlock(widths[-1])
        self.offset = OffsetBlock(widths[-1], transfer=False)
        self.adapt = AdaptiveBlock(widths[-1])
        self.decoder = nn.ModuleList(DecoderStage(channels) for channels in widths[-2::-1])
        self.last = _conv(width, 3)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, AdaptiveBlock):
                nn.init.zeros_(module.where.weight)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, not clipped. ``condition`` is ignored."""
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f'SADNet: images of shape {tuple(images.shape)}; allowed: N×3×H×W')
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, 8)
        x, encoded = padded, []
        for scale, block in enumerate(self.encoder):
            x = block(x if scale == 0 else _leaky(self.down[scale - 1](x)))
            encoded.append(x)
        x = self.context(encoded.pop())
        offset = self.offset(x)
        x = self.adapt(x, offset)
        for stage in self.decoder:
            x, offset = stage(x, encoded.pop(), offset)
        return (padded + self.last(x))[..., :height, :width]
