"""DLA's up-sampling tree as a decode head: iterative aggregation back to the finest level.

Paper: Yu, Wang, Shelhamer and Darrell, "Deep Layer Aggregation" (CVPR 2018), Sec. 4.2, Fig. 5.
Layers and names inside follow ``dla_up.py`` of ucbdrive/dla; the code is our own.

    ida_0:  merges the last level into the one before it
    ida_i:  merges into the next finer level, one after the other, the finest map that ida_(i-1)
            took in and all maps that it made
    ...     until the first level is reached; the last map goes to a 1x1 classifier

Merging y into x, ``node(concat(x, up(proj(y))))``, projects the coarser map (1x1, BN, ReLU),
doubles its size by a grouped deconvolution that starts bilinear and is learned, and merges by a
3x3 convolution, BN and ReLU. With levels 1 to 5 of the backbone, as published, logits have
stride 2.

Deviations: the last doubling to the image's size is mmseg's bilinear ``resize`` to the label or
image (the fixed deconvolution of the original is the same but at the border). Where a level has
an odd size, the doubled map is cropped at the right and lower edge; the original needs multiples
of 32.
"""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn

from .fcn8s_head import bilinear_kernel


class IDAUp(nn.Module):
    """Iterative deep aggregation of one map with coarser ones, all of half its size.

    Args:
        in_channels (int): Width of the coarser maps.
        channels (int): Width of the finest map and of all outputs.
        coarser (int): How many coarser maps there are.
        norm_cfg (dict): Normalisation layers.
    """

    def __init__(self, in_channels: int, channels: int, coarser: int, norm_cfg: dict) -> None:
        super().__init__()
        self.coarser = coarser

        def conv_norm_relu(width: int, kernel: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(width, channels, kernel, padding=kernel // 2, bias=False),
                build_norm_layer(norm_cfg, channels)[1],
                nn.ReLU(inplace=True),
            )

        for k in range(1, coarser + 1):
            same = in_channels == channels
            self.add_module(f'proj_{k}', nn.Identity() if same else conv_norm_relu(in_channels, 1))
            up = nn.ConvTranspose2d(channels, channels, 4, 2, 1, groups=channels, bias=False)
            with torch.no_grad():
                up.weight.copy_(bilinear_kernel(2))
            self.add_module(f'up_{k}', up)
            self.add_module(f'node_{k}', conv_norm_relu(2 * channels, 3))

    def forward(self, maps: Sequence) -> list:
        """[finest, coarser 1, coarser 2, ...] -> a list of ``coarser`` maps of the finest's size.

        The k-th has merged the finest with the first k coarser ones.
        """
        x = maps[0]
        h, w = x.shape[2:]
        outputs = []
        for k in range(1, self.coarser + 1):
            up = getattr(self, f'up_{k}')(getattr(self, f'proj_{k}')(maps[k]))
            x = getattr(self, f'node_{k}')(torch.cat([x, up[..., :h, :w]], 1))
            outputs.append(x)
        return outputs


@MODELS.register_module()
class DLAUpHead(BaseDecodeHead):
    """DLA-up decode head for :class:`DLA`.

    Args:
        in_channels (Sequence[int]): Widths of consecutive levels, finest first, each at twice the
            stride of the one before. DLA-34 from level 1: (32, 64, 128, 256, 512).
        channels (int, optional): Must equal the first of ``in_channels``, its default.
        norm_cfg (dict, optional): Normalisation layers. Defaults to BN.
        dropout_ratio (float): Of whole channels, before the classifier. Published: 0.
        init_cfg (dict, optional): Default: the authors', Kaiming normal by fan out, BN 1 and 0.
        **kwargs: Of mmseg's ``BaseDecodeHead``: ``num_classes``, ``loss_decode``, ...

    Shape:
        - Input: tuple of (N, C_i, h_i, w_i) with h_(i+1) = ceil(h_i / 2).
        - Output: (N, num_classes, h_0, w_0) logits.

    Raises:
        ValueError: fewer than two levels, or ``channels`` differs from the finest level's.
    """

    def __init__(
        self,
        in_channels: Sequence = (32, 64, 128, 256, 512),
        channels: int | None = None,
        *,
        in_index: Sequence | None = None,
        norm_cfg: dict | None = None,
        dropout_ratio: float = 0.0,
        init_cfg=None,
        **kwargs,
    ):
        in_channels = tuple(in_channels)
        if len(in_channels) < 2:
            raise ValueError(f'in_channels={in_channels!r} must be the widths of 2 or more levels')
        if channels not in (None, in_channels[0]):
            raise ValueError(
                f'channels={channels!r} must equal the first of in_channels={in_channels!r}'
            )
        norm_cfg = norm_cfg or dict(type='BN')
        super().__init__(
            in_channels,
            in_channels[0],
            in_index=tuple(range(len(in_channels))) if in_index is None else in_index,
            input_transform='multiple_select',
            norm_cfg=norm_cfg,
            dropout_ratio=dropout_ratio,
            init_cfg=init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
                dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
            ],
            **kwargs,
        )
        self.steps = len(in_channels) - 1
        for i in range(self.steps):
            fine, coarse = in_channels[-i - 2], in_channels[-i - 1]
            self.add_module(f'ida_{i}', IDAUp(coarse, fine, i + 1, norm_cfg))

    def forward(self, inputs: tuple) -> Tensor:
        """Levels -> logits of the finest one's size; see the class docstring."""
        levels = list(self._transform_inputs(inputs))
        coarser = levels[-1:]
        for i in range(self.steps):
            level = levels[-i - 2]
            coarser = [level, *getattr(self, f'ida_{i}')([level, *coarser])]
        return self.cls_seg(coarser[-1])
