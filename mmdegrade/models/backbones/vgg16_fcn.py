"""VGG16 as the fully convolutional networks (FCN) use it.

Papers: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (ICLR 2015), configuration D; Long, Shelhamer and Darrell, "Fully Convolutional
Networks for Semantic Segmentation" (CVPR 2015; TPAMI 2017). Layer names, padding and pooling
follow ``voc-fcn8s/net.py`` of shelhamer/fcn.berkeleyvision.org; the code is our own.

The two fully connected layers become convolutions: fc6 is 7x7, fc7 is 1x1. The first
convolution pads by 100 px on every side, so that fc6, which does not pad, still sees the whole
image. Pooling rounds up, as Caffe does.

Deviations from the published network:

* Inputs are normalised as torchvision's weights expect (RGB, mean and std), not Caffe's BGR
  minus the mean. The padding is zero either way, i.e. the mean colour.
* ReLU and dropout are not in place (``inplace=False``). A feature tap on a convolution would
  otherwise read the rectified tensor. It costs next to nothing: autograd keeps only the output
  of the ReLU in both cases, and the convolution's output is freed at once.
* ``fc6_pad`` (default 0, as published) allows small borders: see ``vgg16_fcn_min_pad``.
"""

from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

from .vgg16 import VGG16_CONVS, VGG16_WIDTHS, relu_name, rename_torchvision_convs, vgg16_taps

VGG16_FCN_BLOCKS = {**VGG16_CONVS, 'b6': ['fc6', 'fc7']}

_TORCHVISION_CLASSIFIER = {'fc6': 0, 'fc7': 3}

_FC6_KERNEL = 7


def vgg16_fcn_taps(start: str = 'b4', tap: str = 'relu', prefix: str = 'backbone.') -> dict:
    """Module names to tap in :class:`VGG16FCN`, ``'b1'`` to ``'b6'``; see :func:`vgg16_taps`.

    DGN's default is ``start='b4'`` (blocks 4-6).

    Raises:
        ValueError: ``start`` or ``tap`` is not known.
    """
    return vgg16_taps(VGG16_FCN_BLOCKS, start, tap, prefix)


def vgg16_fcn_min_pad(fc6_pad: int = 0) -> int:
    """Smallest border (px) with which ``FCN8sHead`` can predict every pixel of the image.

    With less, the first score would lie to the right of pixel 0 and there would be nothing to
    crop. ``fc6_pad`` 0, 1, 2, 3 needs 69, 37, 5, 1: one cell of padding at stride 32 replaces
    32 px of border (derivation: ``fcn8s_crop_offsets`` in ``decode_heads/fcn8s_head.py``).

    Raises:
        ValueError: ``fc6_pad`` is not 0, 1, 2 or 3.
    """
    if fc6_pad not in (0, 1, 2, 3):
        raise ValueError(f'fc6_pad={fc6_pad!r} is not supported; allowed: 0, 1, 2, 3')
    return max(1, 69 - 32 * fc6_pad)


@MODELS.register_module()
class VGG16FCN(BaseModule):
    """VGG16 with convolutional fc6 and fc7, every layer a named child module.

    Names: ``conv1_1, relu1_1, conv1_2, relu1_2, pool1, ..., conv5_3, relu5_3, pool5, fc6, relu6,
    drop6, fc7, relu7, drop7``. A ``torchvision.models.vgg16`` state dict loads as it is, with or
    without a prefix: ``features.N`` and ``classifier.0/3`` are renamed and reshaped on loading,
    ``classifier.6`` (the ImageNet classes) is dropped.

    On ``inplace``, measured (torch 2.13, one CPU core, one 262x262 image, pad 1, narrow fc):
    autograd keeps 96 MiB with and without, peak memory is equal within 1 MiB, forward and backward
    take 1.68-1.70 s either way, forward alone 0.58 s instead of 0.56 s. So the safe value is the
    default.

    Args:
        pad (int): Zero border of conv1_1, px. Published: 100. ``FCN8sHead`` needs at least
            ``vgg16_fcn_min_pad(fc6_pad)``; the backbone alone takes any value >= 0.
        fc6_pad (int): Zero border of fc6, cells of 32 px; 0 (published) to 3. 3 with ``pad=1``
            keeps the map as large as the image: the cheap setting for small crops.
        dropout_ratio (float): Of drop6 and drop7, in [0, 1].
        frozen_blocks (int): The first so many blocks, 0 to 6, take no gradient.
        fc_channels (int): Width of fc6 and fc7. ImageNet weights need 4096.
        base_channels (int): Width of block 1; blocks 2-5 have 2, 4, 8, 8 times as much.
            ImageNet weights need 64.
        inplace (bool): ReLU overwrites the convolution's output. Then only ``tap='relu'`` works.
        init_cfg (dict, optional): MMEngine initialisation. Default: Kaiming normal; FCN is meant
            to start from ``dict(type='Pretrained', checkpoint='torchvision://vgg16')``.

    Shape:
        - Input: (N, 3, H, W), normalised as the weights expect.
        - Output: tuple (pool3, pool4, drop7) with 256, 512 and 4096 channels. With
          h = H + 2*pad - 2 the heights are ceil(h/8), ceil(h/16), ceil(h/32) + 2*fc6_pad - 6.

    Raises:
        ValueError: an argument out of range; in ``forward``, an image too small for fc6.
    """

    def __init__(
        self,
        pad: int = 100,
        fc6_pad: int = 0,
        dropout_ratio: float = 0.5,
        frozen_blocks: int = 0,
        fc_channels: int = 4096,
        base_channels: int = 64,
        inplace: bool = False,
        init_cfg=None,
    ):
        super().__init__(
            init_cfg or dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu')
        )
        if not isinstance(pad, int) or pad < 0:
            raise ValueError(f'pad={pad!r} must be an int >= 0')
        vgg16_fcn_min_pad(fc6_pad)  # checks fc6_pad
        if not 0 <= dropout_ratio <= 1:
            raise ValueError(f'dropout_ratio={dropout_ratio!r} must lie in [0, 1]')
        if frozen_blocks not in range(7):
            raise ValueError(f'frozen_blocks={frozen_blocks!r} must be an int from 0 to 6')
        self.pad = pad
        self.fc6_pad = fc6_pad
        self.out_channels = (4 * base_channels, 8 * base_channels, fc_channels)

        channels = 3
        for block, convs in VGG16_CONVS.items():
            width = VGG16_WIDTHS[block] * base_channels
            for conv in convs:
                border = pad if conv == 'conv1_1' else 1
                self.add_module(conv, nn.Conv2d(channels, width, 3, padding=border))
                self.add_module(relu_name(conv), nn.ReLU(inplace))
                channels = width
            self.add_module(f'pool{block[1:]}', nn.MaxPool2d(2, 2, ceil_mode=True))
        self.fc6 = nn.Conv2d(channels, fc_channels, _FC6_KERNEL, padding=fc6_pad)
        self.relu6 = nn.ReLU(inplace)
        self.drop6 = nn.Dropout(dropout_ratio)
        self.fc7 = nn.Conv2d(fc_channels, fc_channels, 1)
        self.relu7 = nn.ReLU(inplace)
        self.drop7 = nn.Dropout(dropout_ratio)

        for block in list(VGG16_FCN_BLOCKS)[:frozen_blocks]:
            for conv in VGG16_FCN_BLOCKS[block]:
                getattr(self, conv).requires_grad_(False)

    def forward(self, x: Tensor) -> tuple:
        """(N, 3, H, W) -> (pool3, pool4, drop7); see the class docstring."""
        self._check_size(x)
        outputs = []
        # Children are registered in the order in which they run.
        for name, layer in self.named_children():
            x = layer(x)
            if name in ('pool3', 'pool4', 'drop7'):
                outputs.append(x)
        return tuple(outputs)

    def _check_size(self, x: Tensor) -> None:
        # pool5 must have 7 - 2*fc6_pad cells, i.e. more than 32 * (6 - 2*fc6_pad) px go in.
        smallest = 32 * (_FC6_KERNEL - 1 - 2 * self.fc6_pad) + 3 - 2 * self.pad
        if min(x.shape[-2:]) < smallest:
            raise ValueError(
                f'image of {tuple(x.shape[-2:])} px is too small: with pad={self.pad} and '
                f'fc6_pad={self.fc6_pad} each side needs at least {smallest} px'
            )

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        """Rename a torchvision VGG16 in ``state_dict`` (a private copy of the caller's)."""
        rename_torchvision_convs(state_dict, prefix)
        for name, number in _TORCHVISION_CLASSIFIER.items():
            for kind in ('weight', 'bias'):
                value = state_dict.pop(f'{prefix}classifier.{number}.{kind}', None)
                if value is None:
                    continue
                if value.dim() == 2:  # a fully connected layer: (out, in * k * k)
                    k = _FC6_KERNEL if name == 'fc6' else 1
                    value = value.reshape(value.shape[0], -1, k, k)
                state_dict[f'{prefix}{name}.{kind}'] = value
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
