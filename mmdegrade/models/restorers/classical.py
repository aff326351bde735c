"""Classical restoration as a Restorer: mmdegrade.restoration on the images of a batch."""

import numpy as np
import torch
from mmengine.registry import MODELS
from torch import Tensor

from mmdegrade.restoration import METHODS, resolve_method, restore

from .base import Restorer


@MODELS.register_module()
class ClassicalRestorer(Restorer):
    """Restore each image by a method of `mmdegrade.restoration`, on the CPU, without gradients.

    Where the same can be done in the pipeline (``Restore``), it is done in parallel there; this one
    serves networks that restore inside.

    Args:
        method (str): A name in ``mmdegrade.restoration.METHODS``.
        **params: Its parameters. Those that say in which order the channels come are set here.

    Raises:
        TypeError, ValueError: An unknown method or a parameter out of range.
    """

    def __init__(self, method: str, init_cfg: dict | None = None, **params) -> None:
        super().__init__(init_cfg)
        values = resolve_method(method, **params)
        reach = METHODS[method].reach
        self.receptive_radius = None if reach is None else reach(values)
        self.method = method
        self.params = params

    @torch.no_grad()
    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, restored; on the device of ``images``."""
        arrays = images.detach().float().cpu().numpy().transpose(0, 2, 3, 1)
        # Methods read BGR where order matters, as pipelines load it.
        restored = [
            restore(np.ascontiguousarray(array[..., ::-1]), self.method, **self.params)[..., ::-1]
            for array in arrays
        ]
        stacked = torch.from_numpy(np.ascontiguousarray(np.stack(restored).transpose(0, 3, 1, 2)))
        return stacked.to(images)
