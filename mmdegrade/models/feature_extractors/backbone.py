"""Features of any network of MMSegmentation or MMPretrain, whole or backbone alone."""

from collections.abc import Sequence

from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..clean_checkpoint import part_state, require_checkpoint
from ..teacher import FrozenTeacher, without_pretrained
from ..unit_images import UnitImages
from .base import FeatureExtractor

#: Of ImageNet, RGB on 0-255.
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class _BackboneAlone(nn.Module):
    """As much of a segmentor as reading features needs."""

    def __init__(self, backbone: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.backbone = backbone
        self.data_preprocessor = SegDataPreProcessor(mean=mean, std=std, bgr_to_rgb=True)

    def forward(self, inputs: Tensor, data_samples=None, mode: str = 'tensor'):
        return self.backbone(inputs)


class _FrozenBackbone(FrozenTeacher):
    """A backbone that stays as its checkpoint made it."""

    def __init__(self, backbone: dict, mean, std, **kwargs) -> None:
        self._scale = mean, std
        super().__init__(backbone, **kwargs)

    def build(self, cfg: dict) -> nn.Module:
        return _BackboneAlone(MODELS.build(without_pretrained(cfg)), *self._scale)

    def read_checkpoint(self) -> None:
        """Weights of the backbone in any checkpoint that holds it; heads are left aside."""
        path = require_checkpoint(self.checkpoint, self.key)
        backbone = self.model.backbone
        state, _ = part_state(path, 'segmentor.backbone.')
        if not set(state) & set(backbone.state_dict()):
            state, _ = part_state(path, 'backbone.')
        result = backbone.load_state_dict(
            {key: value for key, value in state.items() if key in backbone.state_dict()},
            strict=False,
        )
        missing = [key for key in result.missing_keys if 'num_batches_tracked' not in key]
        if missing:
            raise ValueError(
                f'{self.key}={self.checkpoint!r} does not fit {type(backbone).__name__}: '
                f'{len(missing)} tensors are missing, first {missing[0]}'
            )


@ROOT_MODELS.register_module()
class BackboneFeatures(FeatureExtractor):
    """Inner maps of a trained network, frozen: what a segmentor makes of an image.

    Example::

        feature_extractor=dict(
            type='BackboneFeatures', segmentor={{_base_.model}}, checkpoint='clean.pth',
            taps='out_indices.2')
        feature_extractor=dict(
            type='BackboneFeatures', backbone=dict(type='mmpretrain.ResNet', depth=50),
            checkpoint='torchvision://resnet50', taps=['backbone.layer4.2'])

    Args:
        checkpoint (str): Trained weights; of a backbone they may be inside those of a classifier or
            segmentor.
        taps: Layers to read, by name inside the model (``'backbone.layer3.*'``), or the backbone's
            outputs (``'out_indices'``, ``'out_indices.2'``); see
            :func:`mmdegrade.models.taps.resolve_taps`.
        segmentor (dict, optional): Config of an mmseg segmentor, whose own ``data_preprocessor``
            says how images are normalised.
        backbone (dict, optional): Config of a backbone of mmseg or mmpretrain
            (``type='mmpretrain.ResNet'``), instead of ``segmentor``.
        mean (Sequence[float]): Of RGB images on 0-255, for ``backbone``. Defaults to ImageNet's.
        std (Sequence[float]): Likewise.

    Raises:
        ValueError: Both of ``segmentor`` and ``backbone``, or neither; unknown taps.
        FileNotFoundError, ValueError: The checkpoint is missing or does not fit; on
            ``init_weights()``.
    """

    def __init__(
        self,
        checkpoint: str,
        taps,
        segmentor: dict | None = None,
        backbone: dict | None = None,
        mean: Sequence[float] = MEAN,
        std: Sequence[float] = STD,
    ) -> None:
        super().__init__()
        if (segmentor is None) == (backbone is None):
            raise ValueError('BackboneFeatures: give one of segmentor and backbone')
        given = dict(checkpoint=checkpoint, taps=taps, key='feature_extractor.checkpoint')
        self.teacher = (
            _FrozenBackbone(backbone, mean, std, **given)
            if segmentor is None
            else FrozenTeacher(segmentor, **given)
        )

    def load(self) -> None:
        """Read the checkpoint."""
        self.teacher.init_weights()

    def forward(self, images: Tensor) -> list[Tensor]:
        """See :class:`FeatureExtractor`; maps in the order of the network."""
        self.require_weights()
        scale = UnitImages(self.teacher.model.data_preprocessor)
        maps = self.teacher.features(scale.to_inputs(images), gradients=True)
        return [feature for block in maps.values() for feature in block]
