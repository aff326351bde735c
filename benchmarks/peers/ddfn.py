"""DDFN+SFT read layer by layer: one PyTorch operation for each step of the architecture.

What anybody would write first, with the layers of the official repository (powder21/SDABN): nothing
is done in place, each map is a tensor of its own and blocks are concatenated. Parameters have the
names that ours have, so ``load_state_dict`` gives it the same weights.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Modulation(nn.Module):
    """F·(γ + 1) + β."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale, self.shift = (
            nn.Sequential(nn.Conv2d(16, 32, 1), nn.LeakyReLU(0.1), nn.Conv2d(32, channels, 1))
            for _ in range(2)
        )

    def forward(self, features, q):
        return features * (self.scale(q) + 1) + self.shift(q)


def layer(before: int, after: int, size: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (size // 2)
    return nn.Sequential(nn.Conv2d(before, after, size, 1, padding, dilation), nn.ReLU())


class DenseBlock(nn.Module):
    """[x, g]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.sft = Modulation(channels)
        self.reduce = layer(channels, 32, 1)
        self.f1, self.f15 = layer(32, 8, 3), layer(8, 4, 3, 2)
        self.f2, self.f25 = layer(32, 8, 3, 2), layer(8, 4, 3)
        self.fuse = layer(24, 8, 1)

    def forward(self, x, q):
        h = self.reduce(self.sft(x, q))
        f1 = self.f1(h)
        f15 = self.f15(f1)
        f2 = self.f2(h)
        f25 = self.f25(f2)
        g = self.fuse(torch.cat([f1, f15, f2, f25], 1))
        return torch.cat([x, g], 1)


class PlainDDFN(nn.Module):
    """DDFN+SFT with a condition of so many channels."""

    def __init__(self, condition_channels: int) -> None:
        super().__init__()
        self.features = nn.ModuleDict(
            dict(a=layer(3, 8, 3), b=layer(3, 8, 3, 2), c=layer(8, 8, 3), d=layer(8, 8, 3, 2))
        )
        widths = [condition_channels, 16, 32, 64, 32, 16]
        layers = []
        for before, after in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Conv2d(before, after, 1), nn.LeakyReLU(0.1)]
        self.condition = nn.Sequential(*layers[:-1])
        self.blocks = nn.ModuleList(DenseBlock(32 + 8 * i) for i in range(8))
        self.sft = Modulation(96)
        self.last = nn.Conv2d(96, 3, 1, bias=False)

    def forward(self, images, condition):
        q = self.condition(condition)
        a, b = self.features['a'](images), self.features['b'](images)
        x = torch.cat([a, b, self.features['c'](b), self.features['d'](a)], 1)
        for block in self.blocks:
            x = block(x, q)
        return F.conv2d(self.sft(x, q), self.last.weight)
