"""What the discriminators share: 4×4 convolutions of padding 1 that judge overlapping windows."""

from collections.abc import Callable, Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

SLOPE = 0.2  # of every LeakyReLU here


def least_side(strides: Sequence[int]) -> int:
    """Smallest height and width that leave something after 4×4 convolutions of padding 1."""
    side = 1
    for stride in reversed(strides):
        side = (side - 1) * stride + 2
    return side


class WindowDiscriminator(BaseModule):
    """Base class of discriminators: N×C×H×W → N×1×h×w logits, large for what is taken for real.

    A 4×4 convolution with bias for each stride; LeakyReLU(0.2) behind all but the last, and
    normalisation before it in all but the first.

    Args:
        widths (Sequence[int]): Channels before, between and behind the convolutions.
        strides (Sequence[int]): One for each convolution.
        norm (Callable): Makes the normalisation of so many channels.
    """

    def __init__(
        self,
        widths: Sequence[int],
        strides: Sequence[int],
        norm: Callable[[int], nn.Module],
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if len(strides) != len(widths) - 1 or not all(stride in (1, 2) for stride in strides):
            raise ValueError(
                f'{type(self).__name__}: strides={strides!r}; allowed: {len(widths) - 1} of 1 and 2'
            )
        if min(widths) < 1:
            raise ValueError(f'{type(self).__name__}: channels {tuple(widths)}; allowed: from 1')
        self.in_channels = widths[0]
        self.least_side = least_side(strides)
        layers: list[nn.Module] = []
        for place, stride in enumerate(strides):
            layers.append(nn.Conv2d(widths[place], widths[place + 1], 4, stride, padding=1))
            if 0 < place < len(strides) - 1:
                layers.append(norm(widths[place + 1]))
            if place < len(strides) - 1:
                layers.append(nn.LeakyReLU(SLOPE, inplace=True))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Judge.

        Args:
            x (Tensor): N×C×H×W.

        Returns:
            Tensor: N×1×h×w logits, one for each window.

        Raises:
            ValueError: Another number of channels, or maps that are too small.
        """
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f'{name}: in_channels={self.in_channels}, but the input is {tuple(x.shape)}: set '
                'in_channels to its width'
            )
        if min(x.shape[-2:]) < self.least_side:
            raise ValueError(
                f'{name}: input of {x.shape[-2]}x{x.shape[-1]} is too small; allowed: from '
                f'{self.least_side}x{self.least_side}. Use larger crops or smaller strides'
            )
        return self.layers(x)
