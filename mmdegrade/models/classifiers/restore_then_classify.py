"""Restoration first, then a classifier: setups 1 and 3 of the fidelity paper.

Lin et al. (FG-NIC, see :mod:`mmdegrade.models.fidelity.fidelity_map`): a clean-trained network
tested on restored images, and one that is retrained on them (``train_classifier=True``).
"""

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import Tensor

from ..plain_checkpoints import accept_plain_checkpoint
from ..restorers import build_restorer, load_restorer
from ..unit_images import UnitImages
from .build import build_classifier, classifier_preprocessor, load_classifier
from .torchvision_weights import load_torchvision


@MODELS.register_module()
class RestoreThenClassify(BaseModel):
    """Any classifier of MMPretrain, behind any restorer, which is fixed.

    Args:
        classifier (dict): Config of an ``ImageClassifier``.
        restorer (dict, optional): Config of a ``Restorer``; None restores nothing, by which a
            network that was retrained on restored images is tested on noisy ones.
        restorer_checkpoint (str, optional): Its trained weights.
        clean_checkpoint (str, optional): Weights that the classifier starts from.
        torchvision_checkpoint (str, optional): Instead, torchvision's weights of AlexNet or VGG,
            without their last layer: ``'torchvision://alexnet'``.
        data_preprocessor (dict, optional): Defaults to the classifier's own.

    A checkpoint of the plain classifier loads as well: ``test.py CONFIG CLEAN``.

    Raises:
        ImportError: MMPretrain is not installed.
        TypeError: ``restorer`` is not a ``Restorer``.
        FileNotFoundError: No restorer checkpoint.
    """

    def __init__(
        self,
        classifier: dict,
        restorer: dict | None,
        restorer_checkpoint: str | None = None,
        clean_checkpoint: str | None = None,
        torchvision_checkpoint: str | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        classifier_net = build_classifier(classifier)
        super().__init__(classifier_preprocessor(classifier, data_preprocessor), init_cfg)
        self.classifier = classifier_net
        self.restorer = None
        if restorer is not None:
            self.restorer = build_restorer(restorer).requires_grad_(False)
        self.restorer_checkpoint = None if restorer is None else restorer_checkpoint
        self.clean_checkpoint = clean_checkpoint
        self.torchvision_checkpoint = torchvision_checkpoint
        self._images = UnitImages(self.data_preprocessor)
        accept_plain_checkpoint(self, 'classifier', others=('restorer',))

    def init_weights(self) -> None:
        """The classifier starts from its checkpoint or by its own rule; the restorer is loaded."""
        if self.clean_checkpoint is None:
            self.classifier.init_weights()
            if self.torchvision_checkpoint is not None:
                load_torchvision(self.classifier, self.torchvision_checkpoint)
        else:
            load_classifier(self.classifier, self.clean_checkpoint)
        if self.restorer_checkpoint is not None:
            load_restorer(self.restorer, self.restorer_checkpoint)
        self._is_init = True

    def train(self, mode: bool = True):
        """Set the mode; the restorer stays in evaluation mode."""
        super().train(mode)
        if self.restorer is not None:
            self.restorer.train(False)
        return self

    def forward(self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor'):
        """As an ``ImageClassifier``, on restored images.

        Args:
            inputs (Tensor): N×3×H×W, as the preprocessor makes them.
            data_samples (list, optional): With labels for 'loss'.
            mode (str): 'tensor', 'loss' or 'predict'.
        """
        if self.restorer is None:
            return self.classifier(inputs, data_samples, mode=mode)
        with torch.no_grad():
            restored = self.restorer(self._images.from_inputs(inputs)).clamp(0, 1)
        return self.classifier(self._images.to_inputs(restored), data_samples, mode=mode)
