"""The image-level deraining module (IDM) of UBCN (joint deraining and segmentation).

From the tables of its supplement: CR 3→32, CR 32→32, RES × N, CBR 32→32, convolution 32→3. The
table lists 11 columns of RES, the text says 22 residual blocks: a column stands for two, N = 22,
427,235 parameters; N = 11 (223,779) is the light variant. The paper's "MB" are 4 bytes a
parameter, and its 13.40 MB are reproduced by the other module alone (`semantic_attentive`): the
labels of the two seem to be swapped.

Ours: ``residual=True`` adds the input, and the last convolution starts at zero, so that the network
starts from the rainy image instead of from nothing, which short trainings need. As published, the
network makes the image.
"""

from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .base import Restorer
from .memory_format import channels_last_on_cpu
from .residual_block import ResidualBlock, check_count, head, tail


@MODELS.register_module()
class ImageDerainModule(Restorer):
    """IDM: a residual network at full resolution.

    Args:
        num_blocks (int): N. Defaults to 22; 11 is the light variant.
        residual (bool): Add the input to the output. Defaults to False, as published.
        with_cp (bool): In training, keep only what passes between blocks, and compute the inside of
            a block again for its gradient: less memory, more time. Defaults to False.

    Raises:
        ValueError: ``num_blocks`` is no positive integer.
    """

    def __init__(
        self,
        num_blocks: int = 22,
        residual: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_count('ImageDerainModule', 'num_blocks', num_blocks)
        self.residual, self.with_cp = residual, with_cp
        self.receptive_radius = 4 + 2 * num_blocks
        self.head = head(3)
        self.blocks = nn.ModuleList(ResidualBlock() for _ in range(num_blocks))
        self.tail = tail(zero=residual)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, derained, not clipped; ``condition`` is ignored."""
        x = self.head(channels_last_on_cpu(images))
        for block in self.blocks:
            if self.with_cp and x.requires_grad:
                x = checkpoint(block, x, use_reentrant=False)
            else:
                x = block(x)
        x = self.tail(x).contiguous()
        return images + x if self.residual else x
