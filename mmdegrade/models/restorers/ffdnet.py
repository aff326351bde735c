"""FFDNet: a denoiser that is told the level of the noise.

Zhang, Zuo and Zhang, "FFDNet: Toward a Fast and Flexible Solution for CNN-based Image Denoising",
IEEE TIP 2018, for colour images in the form that D2SM (semantic statistics matching; repository
MKFMIKU/d2sm, ``ffdnet_model.py``) trains: no batch normalisation, the initialisation of PyTorch.
852,108 parameters:

    2×2 pixels → channels (12), the noise level beside them (13), 3×3 convolutions 13→96,
    10 × 96→96 with ReLU behind each, 96→12, channels → 2×2 pixels.

There is no residual: the network makes the image, not the noise. Sides that are odd are padded by
their last row or column, as in that repository.

Ours: a level that differs from pixel to pixel is averaged over each 2×2 pixels.
"""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from .base import Restorer
from .padding import pad_to_multiple


@MODELS.register_module()
class FFDNet(Restorer):
    """Fast and flexible denoising network.

    Args:
        width (int): Channels between the convolutions. Defaults to 96.
        depth (int): Number of convolutions. Defaults to 12.

    Raises:
        ValueError: ``width`` is not positive, or ``depth`` is below 2.
    """

    conditional = True
    stride = 2

    def __init__(self, width: int = 96, depth: int = 12, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if width < 1 or depth < 2:
            raise ValueError(
                f'FFDNet: width={width}, depth={depth}; allowed: width from 1, depth from 2'
            )
        widths = (13, *(width,) * (depth - 1), 12)
        layers: list[nn.Module] = []
        for before, after in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers[:-1])
        self.receptive_radius = 2 * depth + 1

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Restore.

        Args:
            images (Tensor): N×3×H×W RGB, nominally on [0, 1].
            condition (Tensor): σ/255 of the noise: N×1×1×1, or N×1×H×W where it differs from pixel
                to pixel. ``condition='noise_level'`` of a model reads the pipeline's record.

        Returns:
            Tensor: N×3×H×W, not clipped.

        Raises:
            ValueError: Images without three channels; a missing or misshapen condition.
        """
        self._check(images, condition)
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, 2)
        if condition.shape[-2:] != (1, 1):
            condition = F.avg_pool2d(pad_to_multiple(condition, 2), 2)
        cells = F.pixel_unshuffle(padded, 2)
        level = condition.to(cells).expand(-1, -1, *cells.shape[-2:])
        restored = F.pixel_shuffle(self.layers(torch.cat([cells, level], 1)), 2)
        return restored[..., :height, :width]

    def _check(self, images: Tensor, condition: Tensor | None) -> None:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f'FFDNet: images of shape {tuple(images.shape)}; allowed: N×3×H×W')
        if condition is None:
            raise ValueError(
                "FFDNet needs the level of the noise: set model.condition='noise_level', or "
                "dict(name='noise_level', sigma=25) where it is not recorded"
            )
        size = tuple(images.shape[-2:])
        shape = tuple(condition.shape)
        if shape not in [(len(images), 1, *size), (len(images), 1, 1, 1)]:
            raise ValueError(
                f'FFDNet: condition of shape {shape} for images of shape {tuple(images.shape)}; '
                'allowed: σ/255 as N×1×1×1 or N×1×H×W'
            )
