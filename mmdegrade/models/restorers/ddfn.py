"""DDFN and DDFN+SFT: the denoiser of SDABN.

Architecture: Chen et al., "Deep Boosting for Image Denoising", ECCV 2018 (dilated dense fusion
network), in the widths and with the spatial feature transform of SDABN (Xu et al.,
"Synergy between Semantic Segmentation and Image Denoising via Alternate Boosting"; repository
powder21/SDABN, ``ddfn_sft.py``). Without condition 60,784 parameters; with 19 classes 114,176, of
which the SFT layers have 47,808 and the condition network 5,584. ImgD and GtD of the paper differ
only in what is passed as condition.

1. Features, 3→32: a = conv(y), b = conv₂(y), c = conv(b), d = conv₂(a), 8 channels each: 3×3, conv₂
   with dilation 2, ReLU behind each.
2. Eight fusion blocks, on x of 32, 40, …, 88 channels: h = conv1×1→32(SFT(x)), f1 = conv(h)→8,
   f15 = conv₂(f1)→4, f2 = conv₂(h)→8, f25 = conv(f2)→4, g = conv1×1→8([f1, f15, f2, f25]), ReLU
   behind each; the block gives [x, g], x as it came, not as the SFT made it.
3. SFT on 96 channels, then a 1×1 convolution to 3 without bias or ReLU. No global residual: the
   network makes the image, not the noise.

Initialisation: Kaiming normal (fan in), biases 0; the last convolution N(0, 0.001²). Of the SFT
layers and the condition network nothing is said: they start as PyTorch starts convolutions.

Ours: where no gradients are asked for, the same weights are evaluated by `ddfn_rows`, which is
several times as fast on CPUs and takes a fraction of the memory.
"""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmdegrade.degradations.parameters import is_integer

from ..tracing import is_traced
from .base import Restorer
from .ddfn_rows import restore_by_rows
from .memory_format import channels_last_on_cpu
from .sft import ConditionNetwork, SpatialFeatureTransform

FEATURES, GROWTH, BLOCKS = 32, 8, 8


def _conv(before: int, after: int, size: int = 3, dilation: int = 1) -> nn.Sequential:
    """Convolution that keeps H×W, and ReLU."""
    conv = nn.Conv2d(before, after, size, padding=size // 2 * dilation, dilation=dilation)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)
    return nn.Sequential(conv, nn.ReLU(inplace=True))


class MultiScaleFeatures(nn.Module):
    """Step 1: N×3×H×W → N×32×H×W."""

    def __init__(self) -> None:
        super().__init__()
        self.a = _conv(3, 8)
        self.b = _conv(3, 8, dilation=2)
        self.c = _conv(8, 8)
        self.d = _conv(8, 8, dilation=2)

    def forward(self, images: Tensor) -> Tensor:
        """The four maps, one after another."""
        a, b = self.a(images), self.b(images)
        return torch.cat([a, b, self.c(b), self.d(a)], 1)


class FusionBlock(nn.Module):
    """Step 2: N×C×H×W → N×(C+8)×H×W.

    Args:
        channels (int): C.
        conditional (bool): Whether x is modulated.
    """

    def __init__(self, channels: int, conditional: bool) -> None:
        super().__init__()
        self.sft = SpatialFeatureTransform(channels) if conditional else None
        self.reduce = _conv(channels, 32, size=1)
        self.f1 = _conv(32, 8)
        self.f15 = _conv(8, 4, dilation=2)
        self.f2 = _conv(32, 8, dilation=2)
        self.f25 = _conv(8, 4)
        self.fuse = _conv(24, GROWTH, size=1)

    def forward(self, x: Tensor, q: Tensor | None = None) -> Tensor:
        """[x, g]; ``q`` (N×16×H×W) only where the block is conditional."""
        h = self.reduce(x if self.sft is None else self.sft(x, q))
        f1, f2 = self.f1(h), self.f2(h)
        return torch.cat([x, self.fuse(torch.cat([f1, self.f15(f1), f2, self.f25(f2)], 1))], 1)


@MODELS.register_module()
class DDFN(Restorer):
    """Dilated dense fusion network, plain or modulated by a condition.

    Args:
        condition_channels (int, optional): K, channels of the condition: the number of classes for
            class scores (SDABN) or labels (GtD), 3 for an image (ImgD). None (default) for the
            plain network.
        with_cp (bool): In training, keep only what passes between blocks, and compute the inside of
            a block again for its gradient: less memory, more time. Defaults to False.
        fast (bool): Use `restore_by_rows` where no gradients are asked for. It reads the weights of
            layers without calling them, so forward hooks on them do not fire. Defaults to True.

    Raises:
        ValueError: ``condition_channels`` is no positive integer.
    """

    receptive_radius = 3 + 3 * BLOCKS

    def __init__(
        self,
        condition_channels: int | None = None,
        with_cp: bool = False,
        fast: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if condition_channels is not None and not is_integer(condition_channels, 1):
            raise ValueError(
                f'DDFN: condition_channels={condition_channels!r}; allowed: a positive integer, or '
                'None for the plain network'
            )
        self.condition_channels = condition_channels
        self.conditional = conditional = condition_channels is not None
        self.with_cp = with_cp
        self.fast = fast
        width = FEATURES + BLOCKS * GROWTH
        self.features = MultiScaleFeatures()
        self.blocks = nn.ModuleList(
            FusionBlock(channels, conditional) for channels in range(FEATURES, width, GROWTH)
        )
        self.sft = SpatialFeatureTransform(width) if conditional else None
        self.condition = ConditionNetwork(condition_channels) if conditional else None
        self.last = nn.Conv2d(width, 3, 1, bias=False)
        nn.init.normal_(self.last.weight, std=0.001)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Restore.

        Args:
            images (Tensor): N×3×H×W RGB, nominally on [0, 1].
            condition (Tensor, optional): N×K×H×W, or N×K×1×1 where it is the same everywhere.
                Ignored by the plain network.

        Returns:
            Tensor: N×3×H×W, not clipped.

        Raises:
            ValueError: Images without three channels; a missing or misshapen condition.
        """
        condition = self._checked(images, condition)
        if self.fast and not (torch.is_grad_enabled() or is_traced()):
            return restore_by_rows(self, images, condition)
        return self._by_layers(images, condition)

    def _by_layers(self, images: Tensor, condition: Tensor | None) -> Tensor:
        q = None if condition is None else self.condition(channels_last_on_cpu(condition))
        x = self.features(channels_last_on_cpu(images))
        for block in self.blocks:
            if self.with_cp and torch.is_grad_enabled():
                x = checkpoint(block, x, q, use_reentrant=False)
            else:
                x = block(x, q)
        return self.last(x if q is None else self.sft(x, q)).contiguous()

    def _checked(self, images: Tensor, condition: Tensor | None) -> Tensor | None:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f'DDFN: images of shape {tuple(images.shape)}; allowed: N×3×H×W')
        if not self.conditional:
            return None
        width = f'condition_channels={self.condition_channels}'
        if condition is None:
            raise ValueError(
                f'DDFN: no condition, but the network has {width}; set condition_channels=None for '
                'the plain network'
            )
        shape = tuple(condition.shape)
        if len(shape) != 4 or shape[1] != self.condition_channels:
            given = f'K={shape[1]} channels' if len(shape) == 4 else f'shape {shape}'
            raise ValueError(
                f'DDFN: {width}, but the condition has {given}: set condition_channels to its width'
            )
        size = tuple(images.shape[-2:])
        if shape[0] != len(images) or shape[2:] not in (size, (1, 1)):
            raise ValueError(
                f'DDFN: condition of shape {shape} for images of shape {tuple(images.shape)}; '
                'allowed: the same N, H and W, or N×K×1×1'
            )
        return condition.to(images.dtype)
