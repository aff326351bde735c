"""Spatial calibration: weight and bias of every position, from the fidelity map.

FG-NIC (see :mod:`.fidelity_map`), repository IVRL/FG-NIC, ``model.py``. With M the fidelity map,

    input:   w_0 = Cw_0(M),               b_0 = Cb_0(M)
    site i:  w_i = Cw_i(w_{i-1}) + w_{i-1},  b_i = Cb_i(b_{i-1}) + b_{i-1}       resized to x
    x ← 2 sigmoid(w) x + b

Each C is conv3×3 1→16, ReLU, conv3×3 16→1, reflect padding: two convolutions, as in the code (the
report says three), 305 parameters. Maps are resized to (H, W) with align_corners False, where the
code takes one number and so needs squares; the resized maps are what the next site starts from.
Table 6.1's ablations: ``multiply``, ``add``, ``residual``, ``interpolation``.

Ours: ``identity_start``, which zeroes every last convolution, so that training starts from the
uncalibrated network.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INTERPOLATIONS = ('bilinear', 'bicubic', 'nearest')


def check_interpolation(interpolation: str, key: str) -> None:
    """Raise ValueError, naming the config's ``key``, unless it is one of ``INTERPOLATIONS``."""
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f'{key}={interpolation!r}; allowed: {list(INTERPOLATIONS)}')


def resize_map(values: Tensor, size, interpolation: str) -> Tensor:
    """N×1×H×W → N×1×size."""
    if tuple(values.shape[-2:]) == tuple(size):
        return values
    corners = None if interpolation == 'nearest' else False
    return F.interpolate(values, tuple(size), mode=interpolation, align_corners=corners)


@dataclass(frozen=True)
class SpatialState:
    """Weight and bias maps of a site, N×1×h×w each; the next site starts from them."""

    weight: Tensor
    bias: Tensor


class _Branch(nn.Module):
    """N×1×H×W → the same."""

    def __init__(self, width: int, identity_start: bool) -> None:
        super().__init__()
        layers = dict(kernel_size=3, padding=1, padding_mode='reflect')
        self.first = nn.Conv2d(1, width, **layers)
        self.last = nn.Conv2d(width, 1, **layers)
        if identity_start:
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)

    def forward(self, values: Tensor) -> Tensor:
        if min(values.shape[-2:]) < 2:
            # Reflection needs two positions; a single row or column repeats itself.
            height, width = values.shape[-2:]
            values = values.expand(-1, -1, max(height, 2), max(width, 2))
            return self.forward(values)[..., :height, :width]
        hidden = F.relu_(self.first(values))
        # `last`, tap by tap: convolutions to a single channel are slow. Borders are reflected
        # after the channels are summed, which is the same.
        weight = self.last.weight[0].flatten(1).T[:, :, None, None]
        taps = F.pad(F.conv2d(hidden, weight), (1, 1, 1, 1), mode='reflect').unbind(1)
        height, width = values.shape[-2:]
        out = self.last.bias
        for place, tap in enumerate(taps):
            top, left = divmod(place, 3)
            out = out + tap[:, top : top + height, left : left + width]
        return out.unsqueeze(1)


class SpatialCalibration(nn.Module):
    """Calibrate maps at several sites of a network, one after the other.

    Args:
        num_sites (int): The input and every further site.
        multiply (bool): Whether there are weights. Defaults to True.
        add (bool): Whether there are biases. Defaults to True.
        residual (bool): Whether a site adds the maps of the site before. Defaults to True.
        interpolation (str): 'bilinear' (default), 'bicubic' or 'nearest'.
        width (int): Channels inside a branch. Defaults to 16.
        identity_start (bool): Start as the identity. Defaults to False, as published.

    Raises:
        ValueError: No sites, or a setting that is not allowed.
    """

    def __init__(
        self,
        num_sites: int,
        multiply: bool = True,
        add: bool = True,
        residual: bool = True,
        interpolation: str = 'bilinear',
        width: int = 16,
        identity_start: bool = False,
    ) -> None:
        super().__init__()
        if num_sites < 1:
            raise ValueError(f'SpatialCalibration: num_sites={num_sites}; allowed: 1 or more')
        check_interpolation(interpolation, 'model.spatial.interpolation')
        if not (multiply or add):
            raise ValueError(
                'model.spatial: multiply=False with add=False calibrates nothing; set model.spatial'
                '=None'
            )
        self.residual = residual
        self.interpolation = interpolation
        many = [num_sites if wanted else 0 for wanted in (multiply, add)]
        self.weights, self.biases = (
            nn.ModuleList(_Branch(width, identity_start) for _ in range(count)) for count in many
        )

    @property
    def num_sites(self) -> int:
        """Sites, the input among them."""
        return max(len(self.weights), len(self.biases))

    def forward(
        self, x: Tensor, fidelity: Tensor, site: int, before: SpatialState | None = None
    ) -> tuple[Tensor, SpatialState]:
        """Calibrate at one site.

        Args:
            x (Tensor): N×C×h×w.
            fidelity (Tensor): N×1×H×W, what site 0 starts from.
            site (int): 0 for the input.
            before (SpatialState, optional): Of the site before; not for site 0.

        Returns:
            tuple: x calibrated, and the maps for the next site.
        """
        state = before or SpatialState(fidelity, fidelity)
        residual = self.residual and before is not None
        state = SpatialState(
            self._maps(self.weights, site, state.weight, residual, x),
            self._maps(self.biases, site, state.bias, residual, x),
        )
        if len(self.weights):
            x = 2 * torch.sigmoid(state.weight) * x
        return (x + state.bias if len(self.biases) else x), state

    def _maps(self, branches, site: int, values: Tensor, residual: bool, x: Tensor) -> Tensor:
        if not len(branches):
            return values
        out = branches[site](values)
        return resize_map(out + values if residual else out, x.shape[-2:], self.interpolation)
