"""DeepLab v2 decode head: parallel dilated classifiers whose logits are summed (ASPP).

Paper: Chen, Papandreou, Kokkinos, Murphy and Yuille, "DeepLab: Semantic Image Segmentation with
Deep Convolutional Nets, Atrous Convolution, and Fully Connected CRFs" (TPAMI 2018), Fig. 7 and
Sec. 3.2. Layers follow the prototxt files of the authors' DeepLabv2_ResNet101 (``fc1_voc12_c0``
to ``_c3``) and DeepLabv2_VGG16 (``fc8_voc12_1`` to ``_4``); the code is our own.

    ResNet-101:  logits = sum_k conv3x3_{dilation r_k}(res5c)         r = 6, 12, 18, 24
    VGG16:       logits = sum_k conv1x1(fc7_k)                        k = 1 ... 4
    LargeFOV:    the same with the single rate 12

Deviations: one input scale (the published ResNet-101 also takes the image at 0.75 and 0.5 and
keeps the largest logit of the three, "MSC"), no CRF, and the loss is taken at the size of the
label where the authors shrink the label to that of the logits. Published learning rates: ten
times the backbone's here, twenty times for the biases, an optimiser setting.
"""

from collections.abc import Sequence

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class DeepLabV2Head(BaseDecodeHead):
    """Sum of dilated classifiers on one map, or of one classifier per map.

    Args:
        in_channels (int | Sequence[int]): Width of the map that all branches read; or the width
            of each branch's own map (:class:`VGG16DeepLab` returns such maps).
        channels (int, optional): Not used; mmseg's heads have it. Defaults to the width.
        dilations (Sequence[int]): Rate of each branch. Published: (6, 12, 18, 24); LargeFOV
            (12,).
        kernel_size (int): Of the classifiers, odd. 3 for ResNet, 1 for VGG16.
        in_index (int | Sequence[int], optional): Which outputs of the backbone. Defaults to -1,
            or to 0, 1, ... with one map per branch.
        dropout_ratio (float): Of whole channels, before the classifiers. Published: 0.
        **kwargs: Of mmseg's ``BaseDecodeHead``: ``num_classes``, ``loss_decode``, ...

    Shape:
        - Input: tuple of (N, C_i, h, w); the selected maps share h and w.
        - Output: (N, num_classes, h, w) logits.

    Raises:
        ValueError: an argument out of range, or not one map per branch.
    """

    def __init__(
        self,
        in_channels: int | Sequence = 2048,
        channels: int | None = None,
        *,
        dilations: Sequence = (6, 12, 18, 24),
        kernel_size: int = 3,
        in_index: int | Sequence | None = None,
        dropout_ratio: float = 0.0,
        **kwargs,
    ):
        dilations = tuple(dilations)
        if not dilations or not all(isinstance(rate, int) and rate > 0 for rate in dilations):
            raise ValueError(f'dilations={dilations!r} must be ints >= 1, one per branch')
        if not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f'kernel_size={kernel_size!r} must be an odd int >= 1')
        own_maps = not isinstance(in_channels, int)
        widths = tuple(in_channels) if own_maps else (in_channels,) * len(dilations)
        if len(widths) != len(dilations):
            raise ValueError(
                f'in_channels={in_channels!r} must be one width, or one per branch of '
                f'dilations={dilations!r}'
            )
        if in_index is None:
            in_index = tuple(range(len(widths))) if own_maps else -1
        super().__init__(
            widths if own_maps else in_channels,
            channels or widths[0],
            in_index=in_index,
            input_transform='multiple_select' if own_maps else None,
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        # mmseg's init_cfg (normal, 0.01, bias 0, as published) finds it by this name.
        self.conv_seg = nn.ModuleList(
            nn.Conv2d(
                width,
                self.out_channels,
                kernel_size,
                padding=rate * (kernel_size // 2),
                dilation=rate,
            )
            for width, rate in zip(widths, dilations, strict=True)
        )

    def forward(self, inputs: tuple) -> Tensor:
        """Backbone outputs -> (N, num_classes, h, w); see the class docstring."""
        maps = self._transform_inputs(inputs)
        if self.input_transform is None:
            maps = [maps if self.dropout is None else self.dropout(maps)] * len(self.conv_seg)
        elif self.dropout is not None:
            maps = [self.dropout(x) for x in maps]
        return sum(conv(x) for conv, x in zip(self.conv_seg, maps, strict=True))
