"""A restorer: three convolutions that add a correction to the image."""

from mmengine.registry import MODELS
from torch import nn

from mmdegrade.models.restorers import Restorer


@MODELS.register_module()
class ShallowRestorer(Restorer):
    """images + a correction that starts at zero.

    Args:
        width (int): Channels between the convolutions. Defaults to 16.
    """

    receptive_radius = 3  # lets TiledRestorer work in tiles; None (default): not known

    def __init__(self, width=16, init_cfg=None):
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, 3, 3, padding=1),
        )  # fmt: skip
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, images, condition=None):
        """N×3×H×W RGB on [0, 1] → the same, not clipped."""
        return images + self.layers(images)
