"""HRNetV2 decode head: all branches at the finest size, two 1×1 convolutions.

Paper: Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition" (TPAMI
2020), Fig. 4(b); layers follow ``last_layer`` of the authors' HRNet-Semantic-Segmentation.

mmseg's ``FCNHead`` is the same but for the bias of the first convolution, which batch normalisation
cancels. It is here because counts of parameters are compared with published ones, and because the
authors' own weights have it.
"""

from collections.abc import Sequence

from mmseg.models import FCNHead
from mmseg.registry import MODELS
from torch import nn


@MODELS.register_module()
class HRNetV2Head(FCNHead):
    """Branches resized and stacked → conv1×1 with bias, BN, ReLU → conv1×1.

    Args:
        in_channels (Sequence[int]): Width of each branch, the finest first.
        channels (int, optional): Width between the convolutions. Defaults to the sum of the
            branches' widths, as published.
        in_index (Sequence[int], optional): Which outputs of the backbone. Defaults to the first.
        dropout_ratio (float): Before the classifier. Published: 0.
        **kwargs: Of mmseg's ``BaseDecodeHead``: ``num_classes``, ``norm_cfg``, ``loss_decode``, ...

    Shape:
        - Input: tuple of (N, C_i, h_i, w_i).
        - Output: (N, num_classes, h_0, w_0) logits.

    Raises:
        ValueError: ``in_channels`` is not a sequence of widths.
    """

    def __init__(
        self,
        in_channels: Sequence,
        channels: int | None = None,
        in_index: Sequence | None = None,
        dropout_ratio: float = 0.0,
        **kwargs,
    ) -> None:
        if isinstance(in_channels, int) or not in_channels:
            raise ValueError(
                f'HRNetV2Head: in_channels={in_channels!r}; allowed: the width of each branch, '
                '[18, 36, 72, 144]'
            )
        super().__init__(
            num_convs=1,
            kernel_size=1,
            concat_input=False,
            input_transform='resize_concat',
            in_channels=list(in_channels),
            channels=channels or sum(in_channels),
            in_index=list(range(len(in_channels)) if in_index is None else in_index),
            dropout_ratio=dropout_ratio,
            **kwargs,
        )
        block = self.convs[0]
        block.conv = nn.Conv2d(self.in_channels, self.channels, 1)
        block.init_weights()
