"""Restorers small enough for tests. Registered once, for every test module that imports this."""

import torch
from mmengine.registry import MODELS
from torch import nn

from mmdegrade.models.restorers import Restorer


@MODELS.register_module(force=True)
class ConvRestorer(Restorer):
    """images + one 3×3 convolution of them; of the condition, too, where it is wanted.

    Args:
        condition_channels (int, optional): Width of the condition.
        zero (bool): Start as the identity. Defaults to False.
    """

    def __init__(self, condition_channels: int | None = None, zero: bool = False) -> None:
        super().__init__()
        self.conditional = condition_channels is not None
        self.conv = nn.Conv2d(3 + (condition_channels or 0), 3, 3, padding=1)
        if zero:
            nn.init.zeros_(self.conv.weight)
            nn.init.zeros_(self.conv.bias)
        self.seen: list = []

    def forward(self, images, condition=None):
        self.seen.append(condition)
        given = images
        if self.conditional:
            condition = condition.expand(-1, -1, *images.shape[-2:])
            given = torch.cat([images, condition], 1)
        return images + self.conv(given)
