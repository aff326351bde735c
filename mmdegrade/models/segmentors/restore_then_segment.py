"""Restoration first: clean the image up, then segment it.

The baseline of Table III of Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram
Networks", TIP 2020, and the evaluation of task-aware restoration.
"""

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.structures import PixelData
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor

from ..clean_checkpoint import load_clean_checkpoint, part_state, require_checkpoint
from ..data_preprocessor import paired_preprocessor
from ..restorers import Restorer
from ..unit_images import UnitImages


@MODELS.register_module()
class RestoreThenSegment(BaseSegmentor):
    """Any segmentor, behind any restorer.

    The segmentor may be one of ours: ``segmentor=dict(type='DenseGramSegmentor', …)`` is DGN on
    restored images, whose source network sees the restored image, too.

    Args:
        segmentor (dict): Config of any mmseg segmentor.
        restorer (dict): Config of a ``Restorer``.
        restorer_checkpoint (str, optional): Its trained weights; classical ones have none.
        clean_checkpoint (str, optional): Clean-trained weights to start the segmentor from.
        train_restorer (bool): Train the restorer through the segmentation loss. By default it is
            fixed: in evaluation mode, without gradients.
        clip (bool): Clip restored images to [0, 1], as storing them would. Defaults to True.
        data_preprocessor (dict, optional): Defaults to the segmentor's own.

    Predictions carry the restored image as ``restored_img`` (``PixelData``, 3×H×W RGB on [0, 1],
    of the padded input's size). A checkpoint of the plain segmentor loads as well:
    ``test.py CONFIG CLEAN`` tests it behind the restorer.

    Raises:
        TypeError: ``restorer`` is not a ``Restorer``, or an unusual data preprocessor.
        FileNotFoundError: No restorer checkpoint; raised before training starts.
        ValueError: The checkpoint does not fit the restorer.
    """

    def __init__(
        self,
        segmentor: dict,
        restorer: dict,
        restorer_checkpoint: str | None = None,
        clean_checkpoint: str | None = None,
        train_restorer: bool = False,
        clip: bool = True,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        self.segmentor = MODELS.build(ConfigDict(segmentor))
        self.restorer = ROOT_MODELS.build(ConfigDict(restorer))
        if not isinstance(self.restorer, Restorer):
            raise TypeError(
                f'model.restorer.type={type(self.restorer).__name__!r} is not a Restorer; inherit '
                'from mmdegrade.models.restorers.Restorer'
            )
        self.restorer_checkpoint = restorer_checkpoint
        self.clean_checkpoint = clean_checkpoint
        self.train_restorer = train_restorer
        self.clip = clip
        self.restorer.requires_grad_(train_restorer)
        self._images = UnitImages(self.data_preprocessor)
        self._register_load_state_dict_pre_hook(self._accept_plain)

    def init_weights(self) -> None:
        """Start the segmentor from its checkpoint or by its own rules, and load the restorer."""
        if self.clean_checkpoint is None:
            self.segmentor.init_weights()
        else:
            load_clean_checkpoint(self.segmentor, self.clean_checkpoint)
        if self.restorer_checkpoint is not None:
            load_restorer(self.restorer, self.restorer_checkpoint)
        self._is_init = True

    def _accept_plain(self, state_dict: dict, prefix: str, *_) -> None:
        """Read a plain segmentor's keys as those of ``segmentor``."""
        own = [key for key in state_dict if key.startswith(prefix)]
        parts = tuple(f'{prefix}{part}.' for part in ('segmentor', 'restorer', 'data_preprocessor'))
        if not own or any(key.startswith(parts) for key in own):
            return
        for key in own:
            state_dict[f'{prefix}segmentor.{key[len(prefix) :]}'] = state_dict.pop(key)
        if self.restorer_checkpoint is not None:
            load_restorer(self.restorer, self.restorer_checkpoint)
        for key, value in self.restorer.state_dict().items():
            state_dict[f'{prefix}restorer.{key}'] = value

    def train(self, mode: bool = True) -> 'RestoreThenSegment':
        """Set the mode; a fixed restorer stays in evaluation mode."""
        super().train(mode)
        if not self.train_restorer:
            self.restorer.train(False)
        return self

    def restore(self, inputs: Tensor) -> Tensor:
        """Restored images, N×3×H×W RGB on [0, 1], from normalised inputs."""
        with torch.set_grad_enabled(self.train_restorer and torch.is_grad_enabled()):
            images = self.restorer(self._images.from_inputs(inputs))
            return images.clamp(0, 1) if self.clip else images

    def _restored_inputs(self, inputs: Tensor) -> Tensor:
        return self._images.to_inputs(self.restore(inputs))

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of the segmentor on restored images."""
        return self.segmentor.loss(self._restored_inputs(inputs), data_samples)

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Predictions of the segmentor on restored images, with the images."""
        images = self.restore(inputs)
        predicted = self.segmentor.predict(self._images.to_inputs(images), data_samples)
        for sample, image in zip(predicted, images, strict=True):
            sample.set_data(dict(restored_img=PixelData(data=image)))
        return predicted

    def _forward(self, inputs: Tensor, data_samples: list | None = None):
        return self.segmentor._forward(self._restored_inputs(inputs), data_samples)

    def extract_feat(self, inputs: Tensor):
        """Features of the segmentor on restored images."""
        return self.segmentor.extract_feat(self._restored_inputs(inputs))

    def encode_decode(self, inputs: Tensor, batch_data_samples: list) -> Tensor:
        """Full-size logits of the segmentor on restored images, N×K×H×W."""
        return self.segmentor.encode_decode(self._restored_inputs(inputs), batch_data_samples)


def load_restorer(
    restorer: Restorer, checkpoint: str, key: str = 'model.restorer_checkpoint'
) -> None:
    """Load trained weights into a restorer; every key must fit.

    Raises:
        FileNotFoundError: The file is not there.
        ValueError: Keys are missing, unexpected or misshapen.
    """
    state, _ = part_state(require_checkpoint(checkpoint, key), 'restorer.')
    try:
        restorer.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f'{key}={checkpoint!r} does not fit {type(restorer).__name__}: {error}'
        ) from error
