"""The contract of everything that restores images."""

from mmengine.model import BaseModule
from torch import Tensor


class Restorer(BaseModule):
    """Base class of restorers: an image in, an image of the same size out.

    A user's own network needs no more than to inherit from this class, be registered in
    ``mmengine.registry.MODELS``, and keep to `forward`; every method that restores
    (``RestoreThenSegment``, …) then takes it by config.
    """

    #: Whether ``forward`` uses ``condition``.
    conditional = False

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Restore.

        Args:
            images (Tensor): N×3×H×W, RGB, nominally on [0, 1] (noise may lead outside); any H, W.
            condition (Tensor, optional): What else the restorer is told, N×K×H×W: class scores, a
                noise level. Ignored unless ``conditional``.

        Returns:
            Tensor: N×3×H×W, not clipped.
        """
        raise NotImplementedError
