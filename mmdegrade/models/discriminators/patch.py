"""PatchGAN: tells restored images from clean ones, window by window.

Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017: windows
of 70×70 pixels, C64-C128-C256-C512. Row "GAN" of D2SM's comparison (semantic statistics matching)
names no discriminator; this one is our choice. 2,764,737 parameters, as in CycleGAN.

Decision: instance normalisation by default, so that the score of an image depends neither on its
neighbours in the batch nor on how many processes share it.
"""

from mmengine.registry import MODELS
from torch import nn

from .base import WindowDiscriminator

NORMS = ('IN', 'BN')


@MODELS.register_module()
class PatchDiscriminator(WindowDiscriminator):
    """N×3×H×W RGB on [0, 1] → N×1×h×w logits.

    Args:
        in_channels (int): Defaults to 3.
        width (int): Channels of the first convolution. Defaults to 64.
        layers (int): Convolutions of stride 2: 3 (default) for windows of 70 pixels, 2 for 34, 1
            for 16.
        norm (str): ``'IN'`` (default) or ``'BN'``.

    Raises:
        ValueError: A setting out of range; while running, images that are too small.
    """

    def __init__(
        self,
        in_channels: int = 3,
        width: int = 64,
        layers: int = 3,
        norm: str = 'IN',
        init_cfg: dict | None = None,
    ) -> None:
        if norm not in NORMS:
            raise ValueError(f'PatchDiscriminator: norm={norm!r}; allowed: {NORMS}')
        if layers < 1:
            raise ValueError(f'PatchDiscriminator: layers={layers}; allowed: from 1')
        inner = [width * min(2**place, 8) for place in range(layers + 1)]
        make = nn.BatchNorm2d if norm == 'BN' else nn.InstanceNorm2d
        super().__init__((in_channels, *inner, 1), (2,) * layers + (1, 1), make, init_cfg)
