"""A decode head that reads calibrated features.

Fidelity calibration (see :mod:`mmdegrade.models.fidelity.fidelity_map`) for segmentation; the dense
form is ours. Every map that the wrapped head reads is calibrated by channels
(:class:`~mmdegrade.models.fidelity.ChannelCalibration`, FCs as 1×1 convolutions), and then the
head decodes, unchanged and fixed.
"""

from collections.abc import Sequence

from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..fidelity.channel import ChannelCalibration, check_width


def head_inputs(decode_head) -> tuple[list[int], list[int]]:
    """Which maps of the backbone a head reads, and how many channels they have.

    Args:
        decode_head: Config of a decode head, or the list of those of a cascade, whose maps count
            once.

    Raises:
        ValueError: It does not say.
    """
    if isinstance(decode_head, (list, tuple)):
        found = {}
        for head in decode_head:
            found.update(zip(*head_inputs(head), strict=True))
        return list(found), list(found.values())
    width, index = decode_head.get('in_channels'), decode_head.get('in_index', -1)
    widths = list(width) if isinstance(width, Sequence) else [width]
    indices = list(index) if isinstance(index, Sequence) else [index]
    if None in widths or len(widths) != len(indices):
        raise ValueError(
            f'model.segmentor.decode_head: in_channels={width}, in_index={index}: the width of the '
            'features is not known; set as many in_channels as in_index'
        )
    return indices, widths


def decode_maps(decode_head: nn.Module, maps: Sequence[Tensor]) -> Tensor:
    """What a head, or a cascade of heads, makes of maps: as a segmentor in ``mode='tensor'``."""
    if not isinstance(decode_head, nn.ModuleList):
        return decode_head(maps)
    first, *others = decode_head
    scores = first(maps)
    for head in others:
        scores = head(maps, scores)
    return scores


@MODELS.register_module()
class FidelityCalibrationHead(BaseModule):
    """Any decode head, behind channel calibration.

    Args:
        decode_head (dict | nn.Module): Config of the head, which is then built and fixed here; or
            a head, or the ``ModuleList`` of a cascade, that another module owns: it is used and
            left to its owner.
        in_channels (Sequence[int], optional): Channels of the maps that the head reads. Defaults to
            what its config says.
        in_index (Sequence[int], optional): Which maps of the backbone those are. Likewise.
        channel (dict, optional): Settings of :class:`ChannelCalibration`. Defaults to those of the
            dense form: ``dict(residual=True, identity_start=True)``. None: no calibration.

    Raises:
        ValueError: A width that is odd or unknown.
    """

    def __init__(
        self,
        decode_head: dict | nn.Module,
        in_channels: Sequence[int] | None = None,
        in_index: Sequence[int] | None = None,
        channel: dict | None = dict(residual=True, identity_start=True),  # noqa: B006
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        borrowed = isinstance(decode_head, nn.Module)
        # In a tuple, so that its weights are not registered a second time.
        self._borrowed = (decode_head,) if borrowed else None
        if not borrowed:
            self.wrapped = MODELS.build(ConfigDict(decode_head)).requires_grad_(False)
        if in_channels is None or in_index is None:
            in_index, in_channels = head_inputs(vars(decode_head) if borrowed else decode_head)
        self.in_index, self.widths = list(in_index), list(in_channels)
        if len(set(self.in_index)) != len(self.in_index) or len(self.in_index) != len(self.widths):
            raise ValueError(
                f'FidelityCalibrationHead: in_index={self.in_index}, in_channels={self.widths}; '
                'allowed: different maps, one width each'
            )
        widths = [] if channel is None else self.widths
        self.channel = nn.ModuleList(
            ChannelCalibration(check_width(width, 'decode_head.in_channels'), **channel)
            for width in widths
        )

    @property
    def decode_head(self) -> nn.Module:
        """The head that decodes."""
        return self.wrapped if self._borrowed is None else self._borrowed[0]

    @property
    def num_classes(self) -> int:
        """That of the wrapped head."""
        return self.decode_head.num_classes

    @property
    def align_corners(self) -> bool:
        """That of the wrapped head."""
        return self.decode_head.align_corners

    def train(self, mode: bool = True):
        """Set the mode; the wrapped head stays in evaluation mode."""
        super().train(mode)
        if self._borrowed is None:
            self.wrapped.train(False)
        return self

    def forward(self, inputs: Sequence[Tensor], fidelity: Tensor, decode: bool = True):
        """Calibrate and decode.

        Args:
            inputs (Sequence[Tensor]): The maps of the backbone, N×C×h×w each.
            fidelity (Tensor): N×1×H×W.
            decode (bool): False stops before decoding. Defaults to True.

        Returns:
            Tensor | list[Tensor]: Logits of the wrapped head; or ``inputs``, those it reads being
            calibrated.
        """
        inputs = list(inputs)
        for index, calibration in zip(self.in_index, self.channel, strict=False):
            inputs[index] = calibration(inputs[index], fidelity)
        return decode_maps(self.decode_head, inputs) if decode else inputs

    def loss(self, inputs, fidelity: Tensor, data_samples: list, train_cfg: dict) -> dict:
        """Losses of the wrapped head on calibrated maps."""
        return self.decode_head.loss(self(inputs, fidelity, False), data_samples, train_cfg)

    def predict(self, inputs, fidelity: Tensor, img_metas: list, test_cfg: dict) -> Tensor:
        """Full-size logits of the wrapped head on calibrated maps, N×K×H×W."""
        return self.decode_head.predict(self(inputs, fidelity, False), img_metas, test_cfg)
