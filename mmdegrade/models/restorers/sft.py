"""Spatial feature transform: features scaled and shifted, pixel by pixel, by a condition.

Wang et al., "Recovering Realistic Texture in Image Super-resolution by Deep Spatial Feature
Transform", CVPR 2018, in the widths of SDABN's denoiser (repository powder21/SDABN,
``ddfn_sft.py``): SFT(F, q) = F·(γ(q) + 1) + β(q), where γ and β are two 1×1 convolutions each,
16→32→C. SDABN's paper leaves the "+ 1" out; both repositories have it.
"""

from torch import Tensor, nn

SLOPE = 0.1  # of every LeakyReLU here
FEATURES = 16  # channels of q
HIDDEN = 32


class ConditionNetwork(nn.Sequential):
    """What all SFT layers of a network share: N×K×H×W of any scale → N×16×H×W, pixel by pixel.

    1×1 convolutions K→16→32→64→32→16 with LeakyReLU(0.1) between them, none at the end.

    Args:
        in_channels (int): K.
    """

    def __init__(self, in_channels: int) -> None:
        widths = (in_channels, 16, 32, 64, 32, FEATURES)
        layers: list[nn.Module] = []
        for before, after in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Conv2d(before, after, 1), nn.LeakyReLU(SLOPE, inplace=True)]
        super().__init__(*layers[:-1])


def _two_layers(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(FEATURES, HIDDEN, 1),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv2d(HIDDEN, channels, 1),
    )


class SpatialFeatureTransform(nn.Module):
    """F·(γ(q) + 1) + β(q).

    Args:
        channels (int): C, channels of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = _two_layers(channels)
        self.shift = _two_layers(channels)

    def forward(self, features: Tensor, q: Tensor) -> Tensor:
        """N×C×H×W features and N×16×H×W q → N×C×H×W."""
        return (features * self.scale(q).add_(1)).add_(self.shift(q))
