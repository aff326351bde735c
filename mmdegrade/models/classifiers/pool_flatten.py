"""The neck of AlexNet and VGG16: adaptive average pooling to a grid, then flattened.

Krizhevsky et al., 2012, and Simonyan and Zisserman, 2015, in torchvision's form, whose pooling
makes any size of image fit the fully connected layers (6×6 and 7×7). MMPretrain's backbones leave
it out, and with it one of the sites of fidelity calibration.
"""

from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class AdaptivePoolFlatten(BaseModule):
    """N×C×h×w, the last of a tuple of maps → (N×(C·size²),).

    Args:
        size (int): Rows and columns after pooling.
    """

    def __init__(self, size: int, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.pool = nn.AdaptiveAvgPool2d(size)

    def forward(self, inputs) -> tuple[Tensor]:
        """Pool and flatten the last map."""
        last = inputs[-1] if isinstance(inputs, (tuple, list)) else inputs
        return (self.pool(last).flatten(1),)
