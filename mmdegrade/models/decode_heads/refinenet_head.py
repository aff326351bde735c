"""RefineNet decode head: four cascaded blocks that refine coarse features with finer ones.

Paper: Lin, Milan, Shen and Reid, "RefineNet: Multi-Path Refinement Networks for High-Resolution
Semantic Segmentation" (CVPR 2017), Sec. 3, Figs. 2c and 3. Details that the paper leaves open
(biases, the convolutions to 512 and 256 channels, dropout, initialisation) follow the authors'
MatConvNet code, guosheng/refinenet; the code is our own.

A block takes the features of one ResNet stage and the previous block's output, half as large:

1. two residual convolution units (RCU) per input: x + conv3x3(relu(conv3x3(relu(x))));
2. fusion: conv3x3 of every input to the smaller width, upsample to the larger size, sum
   (the deepest block has one input and skips this step);
3. chained residual pooling: y = relu(x), then
   y + conv(pool(y)) + conv(pool(conv(pool(y)))) + ..., pooling 5x5 with stride 1;
4. an RCU; three in the last block.

Size, with ResNet-101 and 21 classes: 109,794,901 parameters with two pooling blocks (paper and
released training settings), 118,052,437 with four: the "118 M" that the Light-Weight RefineNet
paper (Nekrasov et al., BMVC 2018) reports, and its authors' PyTorch port.

Deviations: one image scale; bilinear upsampling follows ``align_corners``. The released code
offers pooling after the convolution as an "improved version": ``pool_first=False``.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.utils import resize
from mmseg.registry import MODELS
from torch import Tensor, nn


def _conv3x3(in_channels: int, channels: int, bias: bool = False) -> nn.Conv2d:
    return nn.Conv2d(in_channels, channels, 3, padding=1, bias=bias)


class ResidualConvUnit(nn.Module):
    """x + conv2(relu(conv1(relu(x)))); N x C x H x W in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv3x3(channels, channels, bias=True)
        self.conv2 = _conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        # relu(x) must not be in place: x is added below.
        return x + self.conv2(F.relu(self.conv1(F.relu(x)), inplace=True))


class ChainedResidualPooling(nn.Module):
    """relu(x) plus a chain of pooled and convolved maps; N x C x H x W in and out.

    Args:
        channels (int): C.
        blocks (int): Length of the chain.
        pool_first (bool): Pool, then convolve (paper), or the reverse (released code).
    """

    def __init__(self, channels: int, blocks: int = 2, pool_first: bool = True) -> None:
        super().__init__()
        self.pool_first = pool_first
        self.pool = nn.MaxPool2d(5, stride=1, padding=2)
        self.convs = nn.ModuleList(_conv3x3(channels, channels) for _ in range(blocks))

    def forward(self, x: Tensor) -> Tensor:
        total = link = F.relu(x)
        for conv in self.convs:
            link = conv(self.pool(link)) if self.pool_first else self.pool(conv(link))
            total = total + link
        return total


class RefineNetBlock(nn.Module):
    """One block of the cascade.

    Args:
        widths (Sequence[int]): Channels of each input, the largest map first.
        crp_blocks (int): Length of the pooling chain.
        pool_first (bool): See :class:`ChainedResidualPooling`.
        output_units (int): RCUs at the end.
        align_corners (bool): Of the upsampling.

    The output has the size of the first input and the smallest of the widths.
    """

    def __init__(
        self,
        widths: Sequence,
        crp_blocks: int = 2,
        pool_first: bool = True,
        output_units: int = 1,
        align_corners: bool = False,
    ) -> None:
        super().__init__()
        channels = min(widths)
        self.align_corners = align_corners
        self.adapt = nn.ModuleList(
            nn.Sequential(ResidualConvUnit(width), ResidualConvUnit(width)) for width in widths
        )
        self.fuse = nn.ModuleList(
            _conv3x3(width, channels) for width in (widths if len(widths) > 1 else ())
        )
        self.pool = ChainedResidualPooling(channels, crp_blocks, pool_first)
        self.output = nn.Sequential(*(ResidualConvUnit(channels) for _ in range(output_units)))

    def forward(self, *maps: Tensor) -> Tensor:
        maps = [adapt(x) for adapt, x in zip(self.adapt, maps, strict=True)]
        if len(maps) > 1:
            maps = [fuse(x) for fuse, x in zip(self.fuse, maps, strict=True)]
        fused = maps[0]
        for x in maps[1:]:
            fused = fused + resize(
                x, size=fused.shape[2:], mode='bilinear', align_corners=self.align_corners
            )
        return self.output(self.pool(fused))


@MODELS.register_module()
class RefineNetHead(BaseDecodeHead):
    """4-cascaded RefineNet for four stages of a backbone at strides 4, 8, 16 and 32.

    All convolutions start from N(0, 0.01), biases at 0, as in the released code.

    Args:
        in_channels (Sequence[int]): Widths of the stages, finest first. ResNet-50 and deeper:
            (256, 512, 1024, 2048).
        channels (int): Width of all blocks but the deepest. Published: 256.
        top_channels (int): Width of the deepest block. Published: 512.
        crp_blocks (int): Pooling blocks in a chain, >= 0. Published: 2; released models also 4.
        pool_first (bool): Order inside a pooling block: ``True`` as in the paper's Fig. 3d.
        dropout_ratio (float): Of the two deepest stages' features and before the classifier.
            Published: 0.5.
        **kwargs: Of mmseg's ``BaseDecodeHead``: ``num_classes``, ``loss_decode``, ...

    Shape:
        - Input: tuple of (N, C_i, h_i, w_i).
        - Output: (N, num_classes, h_0, w_0) logits.

    Raises:
        ValueError: fewer than two stages, ``crp_blocks`` is negative, ``top_channels`` is below
            ``channels``.
    """

    def __init__(
        self,
        in_channels: Sequence = (256, 512, 1024, 2048),
        channels: int = 256,
        *,
        top_channels: int = 512,
        crp_blocks: int = 2,
        pool_first: bool = True,
        dropout_ratio: float = 0.5,
        in_index: Sequence = (0, 1, 2, 3),
        init_cfg: dict | None = None,
        **kwargs,
    ):
        in_channels = tuple(in_channels)
        if len(in_channels) < 2:
            raise ValueError(f'in_channels={in_channels!r} must be the widths of 2 or more stages')
        if not isinstance(crp_blocks, int) or crp_blocks < 0:
            raise ValueError(f'crp_blocks={crp_blocks!r} must be an int >= 0')
        if top_channels < channels:
            raise ValueError(
                f'top_channels={top_channels!r} must be at least channels={channels!r}'
            )
        super().__init__(
            in_channels,
            channels,
            in_index=in_index,
            input_transform='multiple_select',
            dropout_ratio=dropout_ratio,
            init_cfg=init_cfg or dict(type='Normal', std=0.01, layer='Conv2d'),
            **kwargs,
        )
        if self.dropout is not None:
            self.dropout = nn.Dropout(dropout_ratio)  # of single values, as published
        self.conv_seg = _conv3x3(channels, self.out_channels, bias=True)
        widths = [channels] * (len(in_channels) - 1) + [top_channels]
        self.reduce = nn.ModuleList(
            _conv3x3(before, after) for before, after in zip(in_channels, widths, strict=True)
        )
        # blocks[i] refines stage i with the output of blocks[i + 1], which is `channels` wide
        # but for the deepest.
        inputs = [(channels, after) for after in widths[1:]] + [(top_channels,)]
        self.blocks = nn.ModuleList(
            RefineNetBlock(
                block_widths,
                crp_blocks,
                pool_first,
                output_units=3 if i == 0 else 1,
                align_corners=self.align_corners,
            )
            for i, block_widths in enumerate(inputs)
        )

    def forward(self, inputs: tuple) -> Tensor:
        """Backbone stages -> logits of the finest one's size; see the class docstring."""
        maps = list(self._transform_inputs(inputs))
        if self.dropout is not None:
            maps[-2:] = [self.dropout(x) for x in maps[-2:]]
        maps = [reduce(x) for reduce, x in zip(self.reduce, maps, strict=True)]
        x = self.blocks[-1](maps[-1])
        for block, own in zip(reversed(self.blocks[:-1]), reversed(maps[:-1]), strict=True):
            x = block(own, x)
        return self.cls_seg(x)
