"""The semantic-attentive deraining module (SAM) of UBCN (joint deraining and segmentation).

From the tables of its supplement: of [rainy image, coarse derained image] (the six channels are
read so by us), CR 6→32, CR 32→32; for each group of classes k the features times the map m_k of the
group, and RES × N of its own; the sum of the paths, CBR 32→32, convolution 32→3. The paper shows
9 columns of RES; 18 blocks (a column stands for two, see `image_derain`) in 10 paths make 3,350,467
parameters, which are the paper's 13.40 MB. Light variant: 9 blocks, or paths that share theirs.

The paths are held as groups of one convolution. On a GPU all run in one call for each layer. A CPU
takes `CPU_PATHS` of the groups at once: what one layer wrote is then still in its caches when the
next one reads it, and there a convolution of many groups is slower than several of few.

Ours: ``residual=True`` adds the coarse image, from which the network then starts, for short
trainings. As published, the network makes the image.
"""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .base import Restorer
from .memory_format import channels_last_on_cpu
from .residual_block import WIDTH, ResidualBlock, check_count, head, residual_block, tail

#: Paths that a CPU computes together; benchmarks/semantic_attentive.py compares.
CPU_PATHS = 1


@MODELS.register_module()
class SemanticAttentiveModule(Restorer):
    """SAM: derains again, each group of classes on a path of its own.

    Args:
        num_paths (int): P, groups of classes. Defaults to 10.
        num_blocks (int): N, residual blocks of a path. Defaults to 18; 9 is the light variant.
        share_paths (bool): All paths use the same blocks. Defaults to False.
        residual (bool): Add the coarse image to the output. Defaults to False, as published.
        with_cp (bool): In training, keep only what passes between blocks, and compute the inside of
            a block again for its gradient: less memory, more time. Defaults to False.

    Raises:
        ValueError: A number that is no positive integer; while running, a condition of another
            width than ``condition_channels``.
    """

    conditional = True

    def __init__(
        self,
        num_paths: int = 10,
        num_blocks: int = 18,
        share_paths: bool = False,
        residual: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        for name, value in (('num_paths', num_paths), ('num_blocks', num_blocks)):
            check_count('SemanticAttentiveModule', name, value)
        self.num_paths, self.share_paths = num_paths, share_paths
        self.residual, self.with_cp = residual, with_cp
        self.condition_channels = 3 + num_paths
        self.receptive_radius = 4 + 2 * num_blocks
        self.head = head(6)
        self.blocks = nn.ModuleList(
            ResidualBlock(1 if share_paths else num_paths) for _ in range(num_blocks)
        )
        self.tail = tail(zero=residual)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Derain.

        Args:
            images (Tensor): N×3×H×W RGB on [0, 1]: rainy.
            condition (Tensor): N×(3+P)×H×W: the coarse derained image, then a map on [0, 1] of
                each group of classes.

        Returns:
            Tensor: N×3×H×W, not clipped.

        Raises:
            ValueError: No condition, or one of another shape.
        """
        n, _, height, width = images.shape
        wanted = (n, self.condition_channels, height, width)
        if condition is None or tuple(condition.shape) != wanted:
            given = None if condition is None else tuple(condition.shape)
            raise ValueError(
                f'SemanticAttentiveModule: condition of shape {given}; allowed: {wanted}, the '
                f'coarse image and num_paths={self.num_paths} maps'
            )
        coarse, maps = condition[:, :3], condition[:, 3:]
        x = self.head(channels_last_on_cpu(torch.cat([images, coarse], 1)))
        x = self.tail(self._paths(x, maps)).contiguous()
        return coarse + x if self.residual else x

    def _paths(self, x: Tensor, maps: Tensor) -> Tensor:
        """Sum over the paths k of RES_k(x · m_k): N×32×H×W."""
        size = min(CPU_PATHS, self.num_paths) if x.device.type == 'cpu' else self.num_paths
        # Shared blocks are the same for every chunk, whose paths are then images of a batch.
        weights = [block.split(1 if self.share_paths else size) for block in self.blocks]
        total = None
        for place, some in enumerate(maps.split(size, dim=1)):
            chunk = [parts[0 if self.share_paths else place] for parts in weights]
            part = self._chunk(_times_maps(x, some), chunk)
            total = part if total is None else total + part
        return total

    def _chunk(self, x: Tensor, weights: list) -> Tensor:
        """Run p paths, N×32p×H×W, and add them up: N×32×H×W."""
        n, channels, height, width = x.shape
        if self.share_paths:
            x = channels_last_on_cpu(x.reshape(-1, WIDTH, height, width))
        for parts in weights:
            if self.with_cp and x.requires_grad:
                x = checkpoint(residual_block, x, *parts, use_reentrant=False)
            else:
                x = residual_block(x, *parts)
        if channels == WIDTH:
            return x
        return x.reshape(n, channels // WIDTH, WIDTH, height, width).sum(1)


def _times_maps(x: Tensor, maps: Tensor) -> Tensor:
    """x · m_k for each path, one after another: N×32×H×W, N×p×H×W → N×32p×H×W."""
    n, channels, height, width = x.shape
    # With the channels last, as x is on a CPU, the product comes out in that order at once.
    product = x.permute(0, 2, 3, 1)[..., None, :] * maps.permute(0, 2, 3, 1)[..., None]
    return product.flatten(3).permute(0, 3, 1, 2)
