"""Feature-level adaptation (FAM) of UBCN: a segmentor against a discriminator of its features.

After the supplement of UBCN (joint deraining and segmentation): "real" are backbone features of
clean images, "made" those of derained ones; the segmentor's step has weight 1 for its own losses
and 1e-3 for the adversarial term.

One iteration: the segmentor runs once on the derained images, in a call of the part itself, for its
losses and (by a `FeatureTap` on the backbone) for its features, so that one backward pass gives
every gradient and DDP sees one call; the features of clean images come from a call that leaves no
trace (`call_untouched`). The discriminator takes its step on both, then the segmentor takes one on
its losses and on what the new discriminator says, again untouched.

Decisions: running statistics of the segmentor's batch normalisation are those of derained images,
which it will see in tests. In the segmentor's step the discriminator judges clean and made features
in one batch, as it learnt to: normalised by themselves, the made ones would hide their mean.
"""

import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapperDict
from mmengine.registry import MODELS as ROOT_MODELS
from torch import Tensor

from ..constant_weights import call_untouched
from ..data_preprocessor import stack_clean
from ..losses.adversarial import adversarial_loss, discriminator_loss
from ..taps import FeatureTap, ForwardStopped, resolve_taps
from ..unwrapped import unwrapped

PARTS = ('segmentor', 'discriminator')


class FeatureAdaptation:
    """Mixin for a ``StagedModel`` with a ``segmentor`` and a ``discriminator`` of its features.

    The model gives ``derained(inputs, turns)``, whose last image the segmentor is to see.

    Log of an adversarial step, beside the segmentor's losses: ``loss_adversarial`` (part of the
    segmentor's loss) and ``discriminator_bce`` (what the discriminator minimises: 0.69 when it
    cannot tell).
    """

    def set_up_adaptation(
        self, discriminator: dict | None, adversarial_weight: float, features: str
    ) -> None:
        """Build the discriminator, and see that the features exist.

        Raises:
            ValueError: A weight that is not positive, or a tap of no layer.
        """
        if not adversarial_weight > 0:
            raise ValueError(
                f'model.adversarial_weight={adversarial_weight}; allowed: > 0. Without the '
                'adversarial term leave out model.discriminator'
            )
        self.adversarial_weight = adversarial_weight
        self.features = features
        if discriminator is not None:
            resolve_taps(self.segmentor, features)
            self.discriminator = ROOT_MODELS.build(ConfigDict(discriminator))

    def train_step(self, data, optim_wrapper) -> dict:
        """As the base class; where the discriminator is trained, its step and the segmentor's.

        Raises:
            ValueError: The discriminator is trained with other parts than the segmentor, or without
                an optimiser for each; it does not fit the features.
        """
        if 'discriminator' not in self.trained_parts:
            return super().train_step(data, optim_wrapper)
        several = isinstance(optim_wrapper, OptimWrapperDict)
        if set(self.trained_parts) != set(PARTS) or not several:
            raise ValueError(
                f'{type(self).__name__}: the discriminator is trained together with the segmentor '
                f"alone, in a stage of its own: set train_cfg.type='StagedTrainLoop' and "
                f'train_cfg.stages[…]=dict(train={list(PARTS)}, '
                'optim_wrapper=dict(segmentor=…, discriminator=…), …)'
            )
        data = self.data_preprocessor(data, True)
        inputs, samples = data['inputs'], data['data_samples']
        segmentor, discriminator = (optim_wrapper[part] for part in PARTS)
        clean = stack_clean(samples, 'training with model.discriminator')
        with segmentor.optim_context(self):
            losses, made = self._losses_and_features(inputs, samples)
            real = self._clean_features(clean)
        self._check_width(made)
        with discriminator.optim_context(self):
            # In one call, as DDP wants one before each backward pass.
            logits = self.run_part('discriminator', torch.cat([real, made.detach()]))
            bce = discriminator_loss(logits)
        discriminator.update_params(bce)
        with segmentor.optim_context(self):
            logits = call_untouched(self.discriminator, torch.cat([real, made]))
            fooled = adversarial_loss(logits.chunk(2)[1], True)
        losses['loss_adversarial'] = self.adversarial_weight * fooled
        losses['discriminator_bce'] = bce.detach()
        total, logged = self.parse_losses(losses)
        segmentor.update_params(total)
        return logged

    def _tap(self, **kwargs) -> FeatureTap:
        return FeatureTap(unwrapped(self.segmentor), self.features, **kwargs)

    def _losses_and_features(self, inputs: Tensor, samples: list) -> tuple[dict, Tensor]:
        """One call of the segmentor on derained images: its losses, and N×C×h×w features."""
        derained = self._images.to_inputs(self.derained(inputs, 0)[-1])
        tap = self._tap()
        try:
            losses = self.run_part('segmentor', derained, samples, mode='loss')
            return dict(losses), _last_map(tap)
        finally:
            tap.remove()

    @torch.no_grad()
    def _clean_features(self, clean: Tensor) -> Tensor:
        """N×C×h×w features of clean images, as constants; the segmentor stays as it is."""
        tap = self._tap(stop_after_last=True)
        try:
            call_untouched(self.segmentor, clean, mode='tensor')
        except ForwardStopped:
            pass  # the heads are not needed
        try:
            return _last_map(tap)
        finally:
            tap.remove()

    def _check_width(self, features: Tensor) -> None:
        width = getattr(unwrapped(self.discriminator), 'in_channels', features.shape[1])
        if width != features.shape[1]:
            raise ValueError(
                f'model.discriminator.in_channels={width}, but model.features={self.features!r} '
                f'have {features.shape[1]} channels: set it to {features.shape[1]}'
            )


def _last_map(tap: FeatureTap) -> Tensor:
    return list(tap.read().values())[-1][-1]
