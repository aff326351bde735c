"""Restoration first: clean the image up, then segment it.

The baseline of Table III of Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020, and the evaluation of task-aware restoration.
"""

import torch
from mmengine.config import ConfigDict
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor

from ..clean_checkpoint import load_clean_checkpoint
from ..conditions import Condition
from ..data_preprocessor import paired_preprocessor
from ..inference_graph import inference_tensors
from ..plain_checkpoints import accept_plain_checkpoint
from ..restored import attach_restored
from ..restorers import build_restorer, load_restorer
from ..unit_images import UnitImages


@MODELS.register_module()
class RestoreThenSegment(BaseSegmentor):
    """Any segmentor, behind any restorer.

    The segmentor may be one of ours: ``segmentor=dict(type='DenseGramSegmentor', …)`` is DGN on
    restored images, whose source network sees the restored image, too.

    Args:
        segmentor (dict): Config of any mmseg segmentor.
        restorer (dict): Config of a ``Restorer``.
        restorer_checkpoint (str, optional): Its trained weights, or a checkpoint of the
            ``RestorationModel`` that trained it; classical ones have none.
        clean_checkpoint (str, optional): Clean-trained weights to start the segmentor from.
        train_restorer (bool): Train the restorer through the segmentation loss. By default it is
            fixed: in evaluation mode, without gradients.
        clip (bool): Clip restored images to [0, 1], as storing them would. Defaults to True.
        condition (str | dict, optional): What a conditional restorer is told: 'image',
            'noise_level', 'onehot-gt'; see :class:`mmdegrade.models.conditions.Condition`.
        num_classes (int, optional): For ``condition='onehot-gt'``.
        data_preprocessor (dict, optional): Defaults to the segmentor's own.

    Predictions carry the restored image as ``restored_img`` (``PixelData``, 3×H×W RGB on [0, 1],
    without the preprocessor's padding). A checkpoint of the plain segmentor loads as well:
    ``test.py CONFIG CLEAN`` tests it behind the restorer.

    Raises:
        TypeError: ``restorer`` is not a ``Restorer``, or an unusual data preprocessor.
        FileNotFoundError: No restorer checkpoint; raised before training starts.
        ValueError: The checkpoint does not fit the restorer; a restorer that needs a condition gets
            none, or the other way round.
    """

    def __init__(
        self,
        segmentor: dict,
        restorer: dict,
        restorer_checkpoint: str | None = None,
        clean_checkpoint: str | None = None,
        train_restorer: bool = False,
        clip: bool = True,
        condition: str | dict | None = None,
        num_classes: int | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        self.segmentor = MODELS.build(ConfigDict(segmentor))
        self.restorer = build_restorer(restorer)
        self._condition = Condition(condition, num_classes)
        self._condition.check(self.restorer)
        self.restorer_checkpoint = restorer_checkpoint
        self.clean_checkpoint = clean_checkpoint
        self.train_restorer = train_restorer
        self.clip = clip
        self.restorer.requires_grad_(train_restorer)
        self._images = UnitImages(self.data_preprocessor)
        accept_plain_checkpoint(self, 'segmentor', others=('restorer',))

    def init_weights(self) -> None:
        """Start the segmentor from its checkpoint or by its own rules, and load the restorer."""
        if self.clean_checkpoint is None:
            self.segmentor.init_weights()
        else:
            load_clean_checkpoint(self.segmentor, self.clean_checkpoint)
        if self.restorer_checkpoint is not None:
            load_restorer(self.restorer, self.restorer_checkpoint)
        self._is_init = True

    def train(self, mode: bool = True) -> 'RestoreThenSegment':
        """Set the mode; a fixed restorer stays in evaluation mode."""
        super().train(mode)
        if not self.train_restorer:
            self.restorer.train(False)
        return self

    def restore(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """Restored images, N×3×H×W RGB on [0, 1], from normalised inputs."""
        with torch.set_grad_enabled(self.train_restorer and torch.is_grad_enabled()):
            degraded = self._images.from_inputs(inputs)
            images = self.restorer(degraded, self._condition(degraded, data_samples))
            return images.clamp(0, 1) if self.clip else images

    def _restored_inputs(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        return self._images.to_inputs(self.restore(inputs, data_samples))

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of the segmentor on restored images."""
        return self.segmentor.loss(self._restored_inputs(inputs, data_samples), data_samples)

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Predictions of the segmentor on restored images, with the images."""
        images = self.restore(inputs, data_samples)
        predicted = self.segmentor.predict(self._images.to_inputs(images), data_samples)
        return attach_restored(predicted, images)

    def _forward(self, inputs: Tensor, data_samples: list | None = None):
        return self.segmentor._forward(self._restored_inputs(inputs, data_samples), data_samples)

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Class scores and restored images; see :mod:`mmdegrade.models.inference_graph`."""
        images = self.restore(inputs)
        found = inference_tensors(self.segmentor, self._images.to_inputs(images))
        return dict(found, restored=images)

    def extract_feat(self, inputs: Tensor):
        """Features of the segmentor on restored images."""
        return self.segmentor.extract_feat(self._restored_inputs(inputs))

    def encode_decode(self, inputs: Tensor, batch_data_samples: list) -> Tensor:
        """Full-size logits of the segmentor on restored images, N×K×H×W."""
        return self.segmentor.encode_decode(self._restored_inputs(inputs), batch_data_samples)
