"""Layers that UBCN's two image networks share: 3×3 convolutions of 32 channels.

From the tables of UBCN's supplement (joint deraining and segmentation): CR is a convolution and
ReLU, CBR a convolution, batch normalisation and ReLU, RES two convolutions 32→32 and a skip; all of
stride 1, padding 1 and with bias (18,496 parameters a RES). Of initialisation nothing is said: as
PyTorch starts convolutions. Ours: ReLU between the two convolutions of a RES, where the table
names no activation; without it both would be one linear map.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from mmdegrade.degradations.parameters import is_integer

WIDTH = 32


def conv3x3(before: int, after: int, groups: int = 1) -> nn.Conv2d:
    """A 3×3 convolution that keeps H×W."""
    return nn.Conv2d(before, after, 3, padding=1, groups=groups)


def head(channels: int) -> nn.Sequential:
    """CR, CR: N×C×H×W → N×32×H×W."""
    return nn.Sequential(
        conv3x3(channels, WIDTH), nn.ReLU(inplace=True),
        conv3x3(WIDTH, WIDTH), nn.ReLU(inplace=True),
    )  # fmt: skip


def tail(zero: bool = False) -> nn.Sequential:
    """CBR and a convolution: N×32×H×W → N×3×H×W, of any range; 0 at the start with ``zero``."""
    last = conv3x3(WIDTH, 3)
    if zero:
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return nn.Sequential(conv3x3(WIDTH, WIDTH), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True), last)


def check_count(network: str, name: str, value: int) -> None:
    """Refuse anything but a positive integer.

    Raises:
        ValueError: Names the network, the argument and the value.
    """
    if not is_integer(value, 1):
        raise ValueError(f'{network}: {name}={value!r}; allowed: a positive integer')


class ResidualBlock(nn.Module):
    """RES: x + conv(ReLU(conv(x))), N×32P×H×W → the same.

    Args:
        paths (int): P, blocks side by side that do not see each other: groups of one convolution.
            Defaults to 1.
    """

    def __init__(self, paths: int = 1) -> None:
        super().__init__()
        self.paths = paths
        self.first = conv3x3(WIDTH * paths, WIDTH * paths, groups=paths)
        self.second = conv3x3(WIDTH * paths, WIDTH * paths, groups=paths)

    def split(self, size: int) -> list[tuple[Tensor, ...]]:
        """Weights of ``size`` paths after another, views, as :func:`residual_block` takes them."""
        tensors = (self.first.weight, self.first.bias, self.second.weight, self.second.bias)
        # One split for all: slices would each write a gradient of the full size.
        return list(zip(*(tensor.split(WIDTH * size) for tensor in tensors), strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """All paths at once."""
        return residual_block(x, *self.split(self.paths)[0])


def residual_block(
    x: Tensor, first: Tensor, first_bias: Tensor, second: Tensor, second_bias: Tensor
) -> Tensor:
    """RES on N×32p×H×W, of p paths, with the weights given."""
    groups = x.shape[1] // WIDTH
    y = F.relu_(F.conv2d(x, first, first_bias, padding=1, groups=groups))
    y = F.conv2d(y, second, second_bias, padding=1, groups=groups)
    return y.add_(x)  # nobody needs what the convolution made as it was
