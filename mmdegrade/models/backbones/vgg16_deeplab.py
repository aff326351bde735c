"""VGG16 as DeepLab v2 uses it: stride 8, and four dilated branches of fc6 and fc7 (DeepLab-ASPP).

Papers: Chen, Papandreou, Kokkinos, Murphy and Yuille, "DeepLab: Semantic Image Segmentation with
Deep Convolutional Nets, Atrous Convolution, and Fully Connected CRFs" (TPAMI 2018), Figs. 4 and 7;
the one-branch LargeFOV network also in their ICLR 2015 paper. Layers follow the
``train.prototxt`` of the authors' DeepLabv2_VGG16; the code is our own.

* pool1 to pool3: 3x3, stride 2, border 1; pool4 and pool5: 3x3, stride 1, border 1.
* conv5_*: dilation 2 (in place of the stride of pool4).
* Branch k: fc6_k (3x3, dilation r_k), ReLU, dropout, fc7_k (1x1), ReLU, dropout; 1024 wide.
  Its classifier fc8_k belongs to :class:`DeepLabV2Head`, which sums the branches.

The classifier's cells lie 8 px apart, the first and the last on the border pixels if the image
has 8k + 1 px: hence ``align_corners=True`` and the authors' crop of 321 px.

Deviations:

* fc6 and fc7 start from torchvision's VGG16: every 4th filter of its 4096 and every 3rd of its
  7x7 taps, in every branch. The authors thin out VGG's weights the same way (their
  ``init.caffemodel``), with a choice of filters that the paper does not tell.
* Inputs are normalised as torchvision's weights expect, not Caffe's BGR minus the mean.
* No average pooling after pool5, which the LargeFOV of 2015 has.
* ReLU and dropout are not in place, so that convolutions can be tapped: see ``vgg16_fcn.py``.
"""

from collections.abc import Sequence

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

from .vgg16 import VGG16_CONVS, VGG16_WIDTHS, relu_name, rename_torchvision_convs, vgg16_taps

_BRANCH = ('fc6', 'relu6', 'drop6', 'fc7', 'relu7', 'drop7')


def vgg16_deeplab_blocks(branches: int = 4) -> dict:
    """Block -> its layers; block ``'b6'`` holds fc6 and fc7 of every branch, all of one shape."""
    fc = [f'{name}_{k}' for name in ('fc6', 'fc7') for k in range(1, branches + 1)]
    return {**VGG16_CONVS, 'b6': fc}


def vgg16_deeplab_taps(
    start: str = 'b4', tap: str = 'relu', prefix: str = 'backbone.', branches: int = 4
) -> dict:
    """Module names to tap in :class:`VGG16DeepLab`, ``'b1'`` to ``'b6'``; see ``vgg16_taps``."""
    return vgg16_taps(vgg16_deeplab_blocks(branches), start, tap, prefix)


@MODELS.register_module()
class VGG16DeepLab(BaseModule):
    """VGG16 at stride 8 with parallel dilated fc6-fc7 branches, every layer a named child module.

    Names: ``conv1_1, relu1_1, ..., conv5_3, relu5_3, pool5``, then for branch k = 1, 2, ...
    ``fc6_k, relu6_k, drop6_k, fc7_k, relu7_k, drop7_k``. A ``torchvision.models.vgg16`` state
    dict loads as it is, with or without a prefix; see the file header for fc6 and fc7.

    Args:
        dilations (Sequence[int]): Rate of fc6 in each branch. ``(6, 12, 18, 24)`` is DeepLab-ASPP
            (ASPP-L), ``(2, 4, 8, 12)`` ASPP-S, ``(12,)`` DeepLab-LargeFOV (20.5 M parameters
            with 21 classes).
        dropout_ratio (float): Of drop6 and drop7, in [0, 1].
        frozen_blocks (int): The first so many blocks, 0 to 6, take no gradient.
        fc_channels (int): Width of fc6 and fc7. Published: 1024. ImageNet weights need a divisor
            of 4096.
        base_channels (int): Width of block 1; blocks 2-5 have 2, 4, 8, 8 times as much.
            ImageNet weights need 64.
        inplace (bool): ReLU overwrites the convolution's output. Then only ``tap='relu'`` works.
        init_cfg (dict, optional): MMEngine initialisation. Default: Kaiming normal; DeepLab is
            meant to start from ``dict(type='Pretrained', checkpoint='torchvision://vgg16')``.

    Shape:
        - Input: (N, 3, H, W), normalised as the weights expect; any H, W >= 1.
        - Output: tuple with one (N, fc_channels, h, w) map, after drop7, per branch. Three times
          h is ceil((h - 1) / 2) + 1, i.e. (H - 1) / 8 + 1 for H = 8k + 1.

    Raises:
        ValueError: an argument out of range; on loading, a width that cannot be thinned out to
            ``fc_channels``.
    """

    def __init__(
        self,
        dilations: Sequence = (6, 12, 18, 24),
        dropout_ratio: float = 0.5,
        frozen_blocks: int = 0,
        fc_channels: int = 1024,
        base_channels: int = 64,
        inplace: bool = False,
        init_cfg=None,
    ):
        super().__init__(
            init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu')
        )
        dilations = tuple(dilations)
        if not dilations or not all(isinstance(rate, int) and rate > 0 for rate in dilations):
            raise ValueError(f'dilations={dilations!r} must be ints >= 1, one per branch')
        if not 0 <= dropout_ratio <= 1:
            raise ValueError(f'dropout_ratio={dropout_ratio!r} must lie in [0, 1]')
        if frozen_blocks not in range(7):
            raise ValueError(f'frozen_blocks={frozen_blocks!r} must be an int from 0 to 6')
        self.dilations = dilations
        self.fc_channels = fc_channels
        self.out_channels = (fc_channels,) * len(dilations)

        channels = 3
        for block, convs in VGG16_CONVS.items():
            width = VGG16_WIDTHS[block] * base_channels
            rate = 2 if block == 'b5' else 1
            for conv in convs:
                self.add_module(conv, nn.Conv2d(channels, width, 3, padding=rate, dilation=rate))
                self.add_module(relu_name(conv), nn.ReLU(inplace))
                channels = width
            stride = 1 if block in ('b4', 'b5') else 2
            self.add_module(f'pool{block[1:]}', nn.MaxPool2d(3, stride, 1, ceil_mode=True))
        # Children are registered in the order in which they run.
        self._trunk = [name for name, _ in self.named_children()]
        for k, rate in enumerate(dilations, start=1):
            layers = (
                nn.Conv2d(channels, fc_channels, 3, padding=rate, dilation=rate),
                nn.ReLU(inplace),
                nn.Dropout(dropout_ratio),
                nn.Conv2d(fc_channels, fc_channels, 1),
                nn.ReLU(inplace),
                nn.Dropout(dropout_ratio),
            )
            for name, layer in zip(_BRANCH, layers, strict=True):
                self.add_module(f'{name}_{k}', layer)

        blocks = vgg16_deeplab_blocks(len(dilations))
        for block in list(blocks)[:frozen_blocks]:
            for conv in blocks[block]:
                getattr(self, conv).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple:
        """(N, 3, H, W) -> one map per branch; see the class docstring."""
        for name in self._trunk:
            x = getattr(self, name)(x)
        outputs = []
        for k in range(1, len(self.dilations) + 1):
            y = x
            for name in _BRANCH:
                y = getattr(self, f'{name}_{k}')(y)
            outputs.append(y)
        return tuple(outputs)

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        """Rename and thin out a torchvision VGG16 in ``state_dict`` (a copy of the caller's)."""
        rename_torchvision_convs(state_dict, prefix)
        for name, number, kernel in (('fc6', 0, 7), ('fc7', 3, 1)):
            for kind in ('weight', 'bias'):
                value = state_dict.pop(f'{prefix}classifier.{number}.{kind}', None)
                if value is None:
                    continue
                if kind == 'weight':
                    value = value.reshape(value.shape[0], -1, kernel, kernel)
                value = self._thin_out(name, value)
                for k in range(1, len(self.dilations) + 1):
                    state_dict[f'{prefix}{name}_{k}.{kind}'] = value.clone()
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    def _thin_out(self, name: str, value: Tensor) -> Tensor:
        """Every n-th filter; for fc6 every 3rd tap (7x7 -> 3x3), for fc7 every n-th input."""
        wide = value.shape[0]
        if wide % self.fc_channels:
            raise ValueError(
                f'backbone.fc_channels={self.fc_channels} cannot be filled from the {wide} filters '
                f'of the checkpoint; allowed: divisors of {wide}, e.g. {max(1, wide // 4)}'
            )
        step = wide // self.fc_channels
        value = value[::step]
        if value.dim() == 4:
            value = value[:, :, ::3, ::3] if name == 'fc6' else value[:, ::step]
        return value
