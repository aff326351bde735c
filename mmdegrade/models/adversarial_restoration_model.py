"""A restorer trained against a discriminator: row "GAN" of D2SM's comparison.

    model = dict(
        type='AdversarialRestorationModel',
        restorer=dict(type='FFDNet'),
        condition='noise_level',
        losses=dict(l1=dict(type='RestorationL1Loss')),
        discriminator=dict(type='PatchDiscriminator'),
    )
    train_cfg = dict(type='StagedTrainLoop', stages=[
        dict(name='gan', train=['restorer', 'discriminator'], iters=3000,
             optim_wrapper=dict(restorer=adam, discriminator=adam))])

One iteration: the images are restored once; the discriminator takes a step on clean and restored
images together; the restorer takes one on its losses and on what the new discriminator says.

In the restorer's step the discriminator runs with constants for weights (`call_untouched`): its
gradients, its statistics and, in several processes, the exchange of its gradients stay untouched.
"""

import torch
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapperDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.registry import MODELS
from torch import Tensor

from .constant_weights import call_untouched
from .data_preprocessor import stack_clean
from .losses.adversarial import adversarial_loss, discriminator_loss
from .restoration_model import RestorationModel
from .staged import StagedModel

PARTS = ('restorer', 'discriminator')


@MODELS.register_module()
class AdversarialRestorationModel(StagedModel, RestorationModel):
    """``RestorationModel`` with a discriminator of clean and restored images.

    Parts for ``train_cfg.stages``: ``restorer`` and ``discriminator``, each with an optimiser of
    its own. A stage of the restorer alone trains without the adversarial term.

    Args:
        restorer (dict): Config of a ``Restorer``.
        discriminator (dict): Config of the discriminator: N×3×H×W RGB on [0, 1] → logits.
        adversarial_weight (float): Factor of the adversarial term. Defaults to 1e-3.
        **kwargs: As :class:`RestorationModel`.

    Log, beside that of ``RestorationModel``: ``loss_adversarial`` (part of the restorer's loss),
    ``discriminator_bce`` (what the discriminator minimises: 0.69 when it cannot tell).

    Raises:
        ValueError: ``adversarial_weight`` is not positive; in training, other optimisers.
        Exception: Others, as :class:`RestorationModel`.
    """

    def __init__(
        self, restorer: dict, discriminator: dict, adversarial_weight: float = 1e-3, **kwargs
    ) -> None:
        super().__init__(restorer, **kwargs)
        if not adversarial_weight > 0:
            raise ValueError(
                f'model.adversarial_weight={adversarial_weight}; allowed: > 0. Without the '
                "adversarial term use type='RestorationModel'"
            )
        self.adversarial_weight = adversarial_weight
        self.discriminator = ROOT_MODELS.build(ConfigDict(discriminator))

    def init_weights(self) -> None:
        """As the base class, and the discriminator by its own rules."""
        super().init_weights()
        if hasattr(self.discriminator, 'init_weights'):
            self.discriminator.init_weights()

    def restore(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """Restored images, N×3×H×W RGB on [0, 1], not clipped, from normalised inputs."""
        images = self._images.from_inputs(inputs)
        return self.run_part('restorer', images, self._condition(images, data_samples))

    def losses_of(
        self, inputs: Tensor, restored: Tensor, clean: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """As the base class, and ``loss_adversarial`` while the discriminator is trained, too."""
        out = super().losses_of(inputs, restored, clean, data_samples)
        if 'discriminator' in self.trained_parts:
            logits = self._judge_without_learning(restored)
            out['loss_adversarial'] = self.adversarial_weight * adversarial_loss(logits, True)
        return out

    def _judge_without_learning(self, images: Tensor) -> Tensor:
        """Logits that are differentiable in the images alone; nothing of the part changes."""
        return call_untouched(self.discriminator, images)

    def train_step(self, data, optim_wrapper) -> dict:
        """A step of the discriminator, then one of the restorer.

        Raises:
            ValueError: Not one optimiser for each of the two.
        """
        if 'discriminator' not in self.trained_parts:
            return super().train_step(data, optim_wrapper)
        several = isinstance(optim_wrapper, OptimWrapperDict)
        if not several or set(optim_wrapper.keys()) != set(PARTS):
            raise ValueError(
                'AdversarialRestorationModel needs an optimiser for each part: set train_cfg.type='
                f"'StagedTrainLoop' and train_cfg.stages[…].train={list(PARTS)}, "
                'optim_wrapper=dict(restorer=…, discriminator=…)'
            )
        data = self.data_preprocessor(data, True)
        inputs, samples = data['inputs'], data['data_samples']
        restorer, discriminator = (optim_wrapper[part] for part in PARTS)
        clean = self._images.from_inputs(stack_clean(samples, 'AdversarialRestorationModel'))
        with restorer.optim_context(self):
            restored = self.restore(inputs, samples)
        with discriminator.optim_context(self):
            # In one call, as DDP wants one before each backward pass.
            logits = self.run_part('discriminator', torch.cat([clean, restored.detach()]))
            bce = discriminator_loss(logits)
        discriminator.update_params(bce)
        with restorer.optim_context(self):
            losses = self.losses_of(inputs, restored, clean, samples)
        losses['discriminator_bce'] = bce.detach()
        total, logged = self.parse_losses(losses)
        restorer.update_params(total)
        return logged
