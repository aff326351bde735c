"""Fidelity calibration of a frozen classifier, as published.

Lin, Bhattacharjee, El Helou and Süsstrunk, "Fidelity Estimation Improves Noisy-Image Classification
With Pretrained Networks" (FG-NIC), SPL 2021, and its report; data flow of the repository
IVRL/FG-NIC (``model.py``); see :mod:`mmdegrade.models.fidelity`. The clean-trained classifier stays
as it is and sees the restored image; positions are calibrated at the input and immediately before
each pooling layer of backbone and neck, channels on the flattened features that the head reads.
ResNet-50: 10,493,734 trained parameters, and 2,101,248 of the ensemble.
"""

from collections.abc import Sequence

from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import Tensor

from ..fidelity.channel import ChannelCalibration, check_width
from ..fidelity.ensemble import FidelityEnsemble, mix
from ..fidelity.parts import FidelityParts, SiteWalk
from ..fidelity.sites import CalibrationSites, pooling_sites
from ..unit_images import UnitImages
from .build import build_classifier, classifier_preprocessor, load_classifier, stack_raw_clean


@MODELS.register_module()
class FidelityClassifier(FidelityParts, BaseModel):
    """Restorer, fidelity estimator, and a frozen classifier whose features are calibrated.

    Parts for ``train_cfg.stages``: ``restorer``, ``estimator`` (unless they come from checkpoints),
    ``spatial``, ``channel``, ``ensemble``.

    Args:
        classifier (dict): Config of any ``ImageClassifier`` of MMPretrain. It is never trained.
        restorer (dict): Config of a ``Restorer``.
        estimator (dict, optional): Config of a ``Restorer`` that estimates the map; none for
            'oracle'.
        setting (str): ``'oracle'``, ``'pretrained'`` or ``'end-to-end'``, as in
            ``FidelitySegmentor``.
        fidelity (dict, optional): Settings of :class:`~mmdegrade.models.fidelity.FidelityMap`.
        estimator_input (str): What the estimator sees: 'degraded' (default) or 'restored'.
        spatial (dict, optional): Settings of ``SpatialCalibration``; None switches it off.
        channel (dict, optional): Settings of ``ChannelCalibration``; None switches it off.
        ensemble (bool): Whether there is an ensemble. Defaults to False.
        feature_channels (int, optional): Width of the features that the head reads. Defaults to its
            ``in_channels``.
        sites (Sequence[str], optional): Layers before which positions are calibrated. Defaults to
            the pooling layers at the top level of backbone and neck.
        clean_checkpoint (str, optional): Clean-trained weights of the classifier.
        restorer_checkpoint (str, optional): As in ``FidelitySegmentor``.
        estimator_checkpoint (str, optional): Likewise.
        losses (dict, optional): Likewise.
        data_preprocessor (dict, optional): Defaults to the classifier's own.

    Clean images, for the oracle and for training restorers, come as ``clean_img`` of the samples:
    ``Degrade(keep_clean=True)`` and ``PackInputs(algorithm_keys=('clean_img',))``.

    Raises:
        ImportError: MMPretrain is not installed.
        ValueError: A setting that is not allowed; no pooling layers; an odd or unknown width.
        TypeError: A restorer or estimator that is no ``Restorer``.
        FileNotFoundError: A checkpoint is not there; raised before training starts.
    """

    def __init__(
        self,
        classifier: dict,
        restorer: dict,
        estimator: dict | None = None,
        setting: str = 'pretrained',
        fidelity: dict | None = None,
        estimator_input: str = 'degraded',
        spatial: dict | None = dict(),  # noqa: B006
        channel: dict | None = dict(),  # noqa: B006
        ensemble: bool = False,
        feature_channels: int | None = None,
        sites: Sequence[str] | None = None,
        clean_checkpoint: str | None = None,
        restorer_checkpoint: str | None = None,
        estimator_checkpoint: str | None = None,
        losses: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        network = build_classifier(classifier).requires_grad_(False)
        super().__init__(classifier_preprocessor(classifier, data_preprocessor), init_cfg)
        self.clean_checkpoint = clean_checkpoint
        self.classifier = network
        self.set_up_fidelity(
            restorer, estimator, setting, fidelity, estimator_input, restorer_checkpoint,
            estimator_checkpoint, losses,
        )  # fmt: skip
        if sites is None:
            sites = pooling_sites(network, ['backbone', 'neck'])
            if not sites and spatial is not None:
                raise ValueError(
                    f'model.classifier.backbone.type={type(network.backbone).__name__!r} and its '
                    'neck have no pooling layers (MaxPool2d, AdaptiveAvgPool2d) to calibrate '
                    "before; name layers: model.sites=['backbone.layers.3'], or set "
                    'model.spatial=None'
                )
        self._sites = CalibrationSites(network, sites)
        self.set_up_spatial(1 + len(self._sites), spatial)
        width = feature_channels or getattr(network.head, 'in_channels', None)
        if channel is not None:
            self.channel = ChannelCalibration(check_width(width), **channel)
        if ensemble:
            self.ensemble = FidelityEnsemble(check_width(width))
        self._images = UnitImages(self.data_preprocessor)

    def init_weights(self) -> None:
        """The classifier starts from its checkpoint, or else by its own rule."""
        if self.clean_checkpoint is not None:
            load_classifier(self.classifier, self.clean_checkpoint)
        else:
            self.classifier.init_weights()
        self.init_restorers()
        self._is_init = True

    def _maps(self, inputs: Tensor, data_samples: list | None) -> tuple[Tensor, Tensor]:
        """R (N×3×H×W RGB on [0, 1]) and M (N×1×H×W) of normalised inputs."""
        degraded = self._images.from_inputs(inputs)
        restored = self.restore(degraded)
        clean = None
        if self.setting == 'oracle':
            clean = stack_raw_clean(data_samples, "model.setting='oracle'", degraded)
        return restored, self.fidelity_of(degraded, restored, clean)

    def features(self, restored: Tensor, fidelity: Tensor) -> tuple:
        """What the head reads, its last entry N×C being calibrated.

        Args:
            restored (Tensor): R, N×3×H×W RGB on [0, 1].
            fidelity (Tensor): M, N×1×H×W.
        """
        plain = self._images.to_inputs(restored)
        walk = SiteWalk(self, fidelity)
        given = walk(plain)
        with self._sites.calibrating(walk):
            *others, x = self.classifier.extract_feat(given)
        if hasattr(self, 'channel'):
            x = self.run_part('channel', x, fidelity)
        if self.runs_ensemble:
            gate = self.run_part('ensemble', fidelity)
            x = mix(x, self.classifier.extract_feat(plain)[-1], gate)
        return (*others, x)

    def forward(self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor'):
        """As an ``ImageClassifier``.

        Args:
            inputs (Tensor): N×3×H×W, as the preprocessor makes them.
            data_samples (list, optional): With labels for 'loss'.
            mode (str): 'tensor' (scores N×K), 'loss' or 'predict'.

        Raises:
            ValueError: Another mode.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode not in ('tensor', 'predict'):
            raise ValueError(f"mode={mode!r}; allowed: 'tensor', 'loss', 'predict'")
        features = self.features(*self._maps(inputs, data_samples))
        head = self.classifier.head
        return head(features) if mode == 'tensor' else head.predict(features, data_samples)

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of what is trained: those of restorer and estimator, then the classifier's."""
        out = {}
        if self.needs_restoration_losses:
            degraded = self._images.from_inputs(inputs)
            needed_by = f'training {" and ".join(self.trained_parts)}'
            clean = stack_raw_clean(data_samples, needed_by, degraded)
            out.update(self.restoration_losses(degraded, clean, data_samples))
        if self.trains_task:
            features = self.features(*self._maps(inputs, data_samples))
            out.update(self.classifier.head.loss(features, data_samples))
        return out
