"""The discriminator of UBCN (joint deraining and segmentation): of a backbone's features.

From its supplement: on 2048 channels, 4×4 convolutions of padding 1, 2048→64, 64→128, 128→256,
256→512, 512→512 and 512→1; batch normalisation and LeakyReLU(0.2) in the four inner ones; stride 2
but for the last two. Every convolution has a bias: 9,056,449 parameters. Ours: LeakyReLU behind the
first convolution, too, without which the first two would be one linear map.
"""

from collections.abc import Sequence

from mmengine.registry import MODELS
from torch import nn

from .base import WindowDiscriminator


@MODELS.register_module()
class FeatureDiscriminator(WindowDiscriminator):
    """N×C×H×W features → N×1×h×w logits.

    Args:
        in_channels (int): C. Defaults to 2048.
        strides (Sequence[int]): Of the six convolutions. As published, maps need 48 positions a
            side; smaller ones do with fewer strides of 2.

    Raises:
        ValueError: Not six strides of 1 and 2; while running, another width or maps that are too
            small.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        strides: Sequence[int] = (2, 2, 2, 2, 1, 1),
        init_cfg: dict | None = None,
    ) -> None:
        widths = (in_channels, 64, 128, 256, 512, 512, 1)
        super().__init__(widths, tuple(strides), nn.BatchNorm2d, init_cfg)
