"""Fidelity calibration of a frozen segmentor.

Lin et al. (FG-NIC, see :mod:`mmdegrade.models.fidelity.fidelity_map`) for classifiers; the dense
version is ours. A clean-trained segmentor stays as it is and sees the restored image R; where R
cannot be trusted, as the fidelity map M says, its features are calibrated:

- by position at the input, before the pooling layers of the backbone's stem, and on every map that
  the head reads, in place of the global pooling of a classifier (behind a neck, on its maps);
- by channel on every map that the head reads (``FidelityCalibrationHead``);
- ensemble: with the maps of the plain segmentor on R, by a gate for each channel.

Ours, too: calibrations start as the identity, so that short trainings start from "restored".
"""

from collections.abc import Sequence

import torch
from mmengine.config import ConfigDict
from mmengine.structures import PixelData
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor, nn

from ..clean_checkpoint import load_clean_checkpoint
from ..data_preprocessor import paired_preprocessor, stack_clean
from ..decode_heads.fidelity_calibration_head import (
    FidelityCalibrationHead,
    decode_maps,
    head_inputs,
)
from ..fidelity.ensemble import FidelityEnsembles, mix
from ..fidelity.parts import FidelityParts, SiteWalk
from ..fidelity.sites import CalibrationSites, pooling_sites
from ..full_size import full_size, require_whole_images
from ..restored import attach_restored, without_padding
from ..unit_images import UnitImages


@MODELS.register_module()
class FidelitySegmentor(FidelityParts, BaseSegmentor):
    """Restorer, fidelity estimator, and a frozen segmentor whose features are calibrated.

    Parts for ``train_cfg.stages``: ``restorer``, ``estimator`` (unless they come from checkpoints),
    ``spatial``, ``head`` (the channel calibration), ``ensemble``. Stages: ``['restorer']``,
    ``['estimator']``, ``['spatial', 'head']`` (end-to-end: and ``'estimator'``), ``['ensemble']``.

    Args:
        segmentor (dict): Config of an ``EncoderDecoder`` or ``CascadeEncoderDecoder``, with any
            backbone and decode heads, that tests on whole images. It is never trained.
        restorer (dict): Config of a ``Restorer``.
        estimator (dict, optional): Config of a ``Restorer`` that estimates the map; none for
            'oracle'.
        setting (str): Where the map comes from: ``'oracle'`` (the clean image), ``'pretrained'`` (a
            fixed estimator) or ``'end-to-end'`` (one trained on with the calibration).
        fidelity (dict, optional): Settings of :class:`~mmdegrade.models.fidelity.FidelityMap`.
        estimator_input (str): What the estimator sees: 'degraded' (default) or 'restored'.
        spatial (dict, optional): Settings of ``SpatialCalibration``, on top of
            ``identity_start=True``; None switches it off.
        channel (dict, optional): Settings of ``ChannelCalibration``, on top of ``residual=True,
            identity_start=True``; None switches it off.
        ensemble (bool): Whether there is an ensemble. Defaults to False.
        sites (Sequence[str], optional): Layers of the segmentor before which positions are
            calibrated. Defaults to the max-pools at the top level of the backbone.
        clean_checkpoint (str, optional): Clean-trained weights of the segmentor.
        restorer_checkpoint (str, optional): Trained weights of the restorer, which is then fixed:
            its own, or a checkpoint of a model that holds it as ``restorer``.
        estimator_checkpoint (str, optional): Likewise, of a model that holds it as ``estimator``.
        losses (dict, optional): Configs of restoration losses, ``restore`` and ``estimate``.
            Default to ``RestorationL1Loss``.
        data_preprocessor (dict, optional): Defaults to the segmentor's own.

    Predictions carry ``restored_img`` (``PixelData``, 3×H×W RGB on [0, 1]) and ``fidelity_map``
    (``PixelData``, 1×H×W), without padding.

    Raises:
        ValueError: A setting that is not allowed; a segmentor that tests by sliding windows; odd
            or unknown widths. In a forward pass: no clean image for the oracle; a restorer that
            changes the size.
        TypeError: A restorer or estimator that is no ``Restorer``; in a forward pass, a backbone
            that gives something else than maps.
        FileNotFoundError: A checkpoint is not there; raised before training starts.
    """

    def __init__(
        self,
        segmentor: dict,
        restorer: dict,
        estimator: dict | None = None,
        setting: str = 'pretrained',
        fidelity: dict | None = None,
        estimator_input: str = 'degraded',
        spatial: dict | None = dict(),  # noqa: B006
        channel: dict | None = dict(),  # noqa: B006
        ensemble: bool = False,
        sites: Sequence[str] | None = None,
        clean_checkpoint: str | None = None,
        restorer_checkpoint: str | None = None,
        estimator_checkpoint: str | None = None,
        losses: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        require_whole_images(segmentor, 'fidelity maps are of whole images')
        index, widths = head_inputs(segmentor['decode_head'])
        self.clean_checkpoint = clean_checkpoint
        self.segmentor = MODELS.build(ConfigDict(segmentor)).requires_grad_(False)
        self.set_up_fidelity(
            restorer, estimator, setting, fidelity, estimator_input, restorer_checkpoint,
            estimator_checkpoint, losses,
        )  # fmt: skip
        if sites is None:
            sites = pooling_sites(self.segmentor, ['backbone'], nn.MaxPool2d)
        self._sites = CalibrationSites(self.segmentor, sites)
        if spatial is not None:
            spatial = {**dict(identity_start=True), **spatial}
        self.set_up_spatial(1 + len(self._sites) + len(index), spatial)
        if channel is not None:
            channel = {**dict(residual=True, identity_start=True), **channel}
        self.head = FidelityCalibrationHead(self.segmentor.decode_head, widths, index, channel)
        if ensemble:
            self.ensemble = FidelityEnsembles(widths)
        self._read = index
        self._images = UnitImages(self.data_preprocessor)
        self.num_classes = self.segmentor.num_classes
        self.align_corners = self.segmentor.align_corners

    def init_weights(self) -> None:
        """The segmentor starts from its checkpoint, or else by its own rule."""
        if self.clean_checkpoint is not None:
            load_clean_checkpoint(self.segmentor, self.clean_checkpoint)
        else:
            self.segmentor.init_weights()
        self.init_restorers()
        self._is_init = True

    def _clean(self, data_samples: list | None, needed_by: str) -> Tensor:
        if not data_samples:
            raise ValueError(f'{needed_by} needs clean images, and there are no data_samples')
        return self._images.from_inputs(stack_clean(data_samples, needed_by))

    def _maps(self, inputs: Tensor, data_samples: list | None) -> tuple[Tensor, Tensor]:
        """R (N×3×H×W RGB on [0, 1]) and M (N×1×H×W) of normalised inputs."""
        degraded = self._images.from_inputs(inputs)
        restored = self.restore(degraded)
        oracle = self.setting == 'oracle'
        clean = self._clean(data_samples, "model.setting='oracle'") if oracle else None
        return restored, self.fidelity_of(degraded, restored, clean)

    def features(self, restored: Tensor, fidelity: Tensor) -> list[Tensor]:
        """Maps of the backbone, those that the head reads being calibrated.

        Args:
            restored (Tensor): R, N×3×H×W RGB on [0, 1].
            fidelity (Tensor): M, N×1×H×W.
        """
        plain = self._images.to_inputs(restored)
        walk = SiteWalk(self, fidelity)
        given = walk(plain)
        with self._sites.calibrating(walk):
            maps = list(self.segmentor.extract_feat(given))
        for index in self._read:
            if not isinstance(maps[index], Tensor):
                raise TypeError(
                    f'model.segmentor.backbone.type={type(self.segmentor.backbone).__name__!r} '
                    f'gives a {type(maps[index]).__name__} as map {index}; allowed: N×C×h×w (a '
                    'class token beside it, as for DPTHead, cannot be calibrated)'
                )
            maps[index] = walk(maps[index])
        if len(self.head_part.channel):
            maps = self.run_part('head', maps, fidelity, decode=False)
        if self.runs_ensemble:
            gates = self.run_part('ensemble', fidelity)
            others = self.segmentor.extract_feat(plain)
            for index, gate in zip(self._read, gates, strict=True):
                maps[index] = mix(maps[index], others[index], gate)
        return maps

    @property
    def head_part(self) -> FidelityCalibrationHead:
        """The head itself, without the wrapper of a run on several processes."""
        return getattr(self.head, 'module', self.head)

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of what is trained: those of restorer and estimator, then the segmentor's."""
        out = {}
        if self.needs_restoration_losses:
            out.update(self._restoration_losses(inputs, data_samples))
        if self.trains_task:
            maps = self.features(*self._maps(inputs, data_samples))
            out.update(self.segmentor._decode_head_forward_train(maps, data_samples))
        return out

    def _restoration_losses(self, inputs: Tensor, data_samples: list) -> dict:
        clean = self._clean(data_samples, f'training {" and ".join(self.trained_parts)}')
        degraded = self._images.from_inputs(inputs)
        cut = [
            [
                without_padding(image, sample)
                for image, sample in zip(batch, data_samples, strict=True)
            ]
            for batch in (degraded, clean)
        ]
        if len({image.shape for image in cut[0]}) == 1:  # images of several sizes keep padding
            degraded, clean = (torch.stack(batch) for batch in cut)
        return self.restoration_losses(degraded, clean, data_samples)

    def _logits(self, maps: list[Tensor], inputs: Tensor) -> Tensor:
        scores = decode_maps(self.segmentor.decode_head, maps)
        return full_size(self.segmentor, scores, inputs.shape[-2:])

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Segmentation of the calibrated features, with restored images and fidelity maps."""
        restored, fidelity = self._maps(inputs, data_samples)
        logits = self._logits(self.features(restored, fidelity), inputs)
        predicted = attach_restored(
            self.segmentor.postprocess_result(logits, data_samples), restored
        )
        for sample, one in zip(predicted, fidelity, strict=True):
            sample.set_data(dict(fidelity_map=PixelData(data=without_padding(one, sample))))
        return predicted

    def _forward(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        return self._logits(self.features(*self._maps(inputs, data_samples)), inputs)

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Logits and restored images; see :mod:`mmdegrade.models.inference_graph`."""
        restored, fidelity = self._maps(inputs, None)
        return dict(
            logits=self._logits(self.features(restored, fidelity), inputs), restored=restored
        )

    def extract_feat(self, inputs: Tensor, data_samples: list | None = None):
        """Calibrated maps."""
        return tuple(self.features(*self._maps(inputs, data_samples)))

    def encode_decode(self, inputs: Tensor, batch_data_samples: list) -> Tensor:
        """Full-size logits, N×K×H×W."""
        return self._forward(inputs, batch_data_samples)
