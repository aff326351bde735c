"""Channel calibration: every feature channel weighed and mixed by the two flattened maps.

FG-NIC (see :mod:`.fidelity_map`), repository IVRL/FG-NIC, ``model.py``. With C feature channels,

    v = [flatten(M) resized to C/2, flatten(Mᵀ) resized to C/2] ∈ R^C
    multiplication:  x ← x · 2 sigmoid(FC(ReLU(FC(v))))       C → C/2 → C
    concatenation:   x ← FC(ReLU(FC([x, v])))                 2C → C/2 → C

Table 6.1's ablations: ``multiply``, ``concatenate``, ``interpolation``. A line of n values is
resized as an image of 1×n, so that 'bicubic' is possible.

Dense form, ours, for the maps that a segmentor's head reads: v holds for all positions, and the FCs
of the concatenation are 1×1 convolutions; W [x, v] is computed as W_x x + W_v v, which spares
spreading v over the map. Ours, too, and off in the published form: ``residual`` adds x to the
result of the concatenation; ``identity_start`` zeroes both last layers, by which, with
``residual``, training starts from the uncalibrated network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .spatial import check_interpolation


def check_width(channels, key: str = 'model.feature_channels') -> int:
    """Return a feature width that can be halved.

    Args:
        channels: The width.
        key (str): Config key named in errors.

    Raises:
        ValueError: It is not known, not positive or odd.
    """
    if channels is None:
        raise ValueError(
            'model.feature_channels is not set, and the width of the features is not known: its '
            'head has no in_channels; set model.feature_channels=2048. (A backbone that classifies '
            'by itself, as VGG with num_classes, must leave that to the head, as in '
            'configs/_base_/models/vgg16_caltech256.py)'
        )
    if not isinstance(channels, int) or channels < 2 or channels % 2:
        raise ValueError(
            f'{key}={channels!r}: channel calibration takes half of them from each'
            ' of two maps; allowed: an even number from 2 on. For another width switch it off: '
            'model.channel=None'
        )
    return channels


def flattened_maps(fidelity: Tensor, channels: int, interpolation: str = 'bilinear') -> Tensor:
    """v: fidelity N×1×H×W → N×C, row by row and column by column.

    Args:
        fidelity (Tensor): N×1×H×W.
        channels (int): C, even.
        interpolation (str): 'bilinear', 'bicubic' or 'nearest'.
    """
    corners = None if interpolation == 'nearest' else False
    halves = [
        F.interpolate(
            one.flatten(1)[:, None, None], (1, channels // 2), mode=interpolation,
            align_corners=corners,
        )[:, 0, 0]
        for one in (fidelity, fidelity.transpose(-2, -1))
    ]  # fmt: skip
    return torch.cat(halves, 1)


def bottleneck(width: int, channels: int) -> nn.Sequential:
    """FC, ReLU, FC: ``width`` → C/2 → C."""
    return nn.Sequential(
        nn.Linear(width, channels // 2), nn.ReLU(), nn.Linear(channels // 2, channels)
    )


class ChannelCalibration(nn.Module):
    """Calibrate feature vectors, or maps position by position.

    Args:
        channels (int): C; even.
        multiply (bool): Whether channels are weighed. Defaults to True.
        concatenate (bool): Whether channels are mixed with v. Defaults to True.
        interpolation (str): How v is resized: 'bilinear' (default), 'bicubic' or 'nearest'.
        residual (bool): Add x to what the concatenation gives. Defaults to False, as published.
        identity_start (bool): Zero the last layers. Defaults to False, as published.

    Raises:
        ValueError: An odd or unknown width, or a setting that is not allowed.
    """

    def __init__(
        self,
        channels: int,
        multiply: bool = True,
        concatenate: bool = True,
        interpolation: str = 'bilinear',
        residual: bool = False,
        identity_start: bool = False,
    ) -> None:
        super().__init__()
        self.channels = check_width(channels)
        check_interpolation(interpolation, 'model.channel.interpolation')
        if not (multiply or concatenate):
            raise ValueError(
                'model.channel: multiply=False with concatenate=False calibrates nothing; set '
                'model.channel=None'
            )
        self.interpolation = interpolation
        self.residual = residual
        self.multiplication = bottleneck(channels, channels) if multiply else None
        self.concatenation = bottleneck(2 * channels, channels) if concatenate else None
        for layers in (self.multiplication, self.concatenation) if identity_start else ():
            if layers is not None:
                nn.init.zeros_(layers[-1].weight)
                nn.init.zeros_(layers[-1].bias)

    def forward(self, x: Tensor, fidelity: Tensor) -> Tensor:
        """Calibrate.

        Args:
            x (Tensor): N×C, or N×C×h×w.
            fidelity (Tensor): N×1×H×W.

        Returns:
            Tensor: Of the shape of ``x``.

        Raises:
            ValueError: Another number of channels.
        """
        if x.shape[1] != self.channels:
            raise ValueError(
                f'channel calibration: features of shape {tuple(x.shape)}, but model.'
                f'feature_channels={self.channels}'
            )
        values = flattened_maps(fidelity, self.channels, self.interpolation)
        if self.multiplication is not None:
            x = x * _as_map(2 * torch.sigmoid(self.multiplication(values)), x)
        if self.concatenation is not None:
            first, _, last = self.concatenation
            of_x, of_v = first.weight.split(self.channels, dim=1)
            hidden = _linear(x, of_x) + _as_map(F.linear(values, of_v, first.bias), x)
            mixed = _linear(F.relu_(hidden), last.weight, last.bias)
            x = x + mixed if self.residual else mixed
        return x


def _as_map(values: Tensor, x: Tensor) -> Tensor:
    """N×C → of as many axes as ``x``."""
    return values if x.ndim == 2 else values[:, :, None, None]


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """A fully connected layer at every position."""
    if x.ndim == 2:
        return F.linear(x, weight, bias)
    return F.conv2d(x, weight[:, :, None, None], bias)
