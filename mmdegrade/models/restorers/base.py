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
    #: By how many pixels, along either axis, what comes out at a pixel depends on what goes in at
    #: most. None: not known, or on the whole image. ``TiledRestorer`` overlaps its tiles by it.
    receptive_radius: int | None = None
    #: Side of the cells that the network pools pixels into: tiles start at its multiples.
    stride: int = 1

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

    def auxiliary_losses(
        self, images: Tensor, clean: Tensor, data_samples: list | None = None
    ) -> dict[str, Tensor]:
        """Losses of what the restorer makes beside the image, which models add to their own.

        Args:
            images (Tensor): N×3×H×W: the degraded images.
            clean (Tensor): The same shape.
            data_samples (list[SegDataSample], optional): Their records and labels.

        Returns:
            dict[str, Tensor]: Weighted scalars by name, logged as ``loss_<name>``. None by default.
        """
        return {}
