"""Ensemble of calibrated features and those of the plain network.

FG-NIC (see :mod:`.fidelity_map`), repository IVRL/FG-NIC, ``model.py``:

    g = sigmoid(FC(ReLU(FC(mean M))))         1 → C/2 → C
    x ← (1 − g) x + g · features of the restored image

trained after the calibration, with everything else fixed, for half its epochs. ResNet-50's has
2,101,248 parameters (the supplement says 0.21M, which is taken for a slip). For maps, ours, the
same gate holds at all positions.
"""

from torch import Tensor, nn

from .channel import bottleneck


class FidelityEnsemble(nn.Module):
    """The gate g of each channel.

    Args:
        channels (int): C of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = bottleneck(1, channels)

    def forward(self, fidelity: Tensor) -> Tensor:
        """N×1×H×W → N×C on (0, 1): how much of the plain features is taken."""
        return self.layers(fidelity.mean((2, 3))).sigmoid()


def mix(calibrated: Tensor, plain: Tensor, gate: Tensor) -> Tensor:
    """(1 − g) calibrated + g plain; N×C or N×C×h×w, ``gate`` N×C."""
    if calibrated.ndim == 4:
        gate = gate[:, :, None, None]
    return calibrated.lerp(plain, gate)


class FidelityEnsembles(nn.ModuleList):
    """A gate for each of several feature maps; N×1×H×W → list of N×C_i.

    Args:
        channels (Sequence[int]): C_i.
    """

    def __init__(self, channels) -> None:
        super().__init__(FidelityEnsemble(width) for width in channels)

    def forward(self, fidelity: Tensor) -> list[Tensor]:
        return [ensemble(fidelity) for ensemble in self]
