"""A cascade of restorers, trained strictly one after another: DDFN×n of SDABN.

    model = dict(
        type='CascadeRestorationModel',
        restorer=dict(type='DDFN'),
        num=2,
        losses=dict(mse=dict(type='RestorationMSELoss', reduction='half_sum', border=1)),
    )
    train_cfg = dict(type='StagedTrainLoop', stages=[
        dict(name='D1', train=['D1'], iters=92000),
        dict(name='D2', train=['D2'], iters=92000),
    ])

Its checkpoint is what ``RestoreThenSegment(restorer=dict(type='RestorerCascade', …),
restorer_checkpoint=…)`` wants.
"""

from functools import partial

from mmseg.registry import MODELS
from torch import Tensor

from .restoration_model import RestorationModel
from .restorers import RestorerCascade, load_restorer
from .restorers.cascade import boost
from .staged import StagedModel


@MODELS.register_module()
class CascadeRestorationModel(StagedModel, RestorationModel):
    """Train and test a :class:`RestorerCascade`, whose parts ``D1``, ``D2``, … stages name.

    A stage optimises ``losses`` of the image that the last of its parts makes; the parts before it
    are fixed. Outside of stages all parts are trained, through the last image. A restorer's own
    losses (``auxiliary_losses``) count for D1 alone: what the others see is a sum of two images, of
    which a noise level or the like says nothing.

    Args:
        restorer (dict): Config of a ``Restorer``, the same for every part.
        num (int): Number of parts. Defaults to 2.
        stop_after (str, optional): Test the cascade up to this part only, e.g. ``'D1'``. While a
            stage is trained, validation stops after its last part by itself.
        **kwargs: As :class:`RestorationModel`; ``restorer_checkpoint`` is one of a cascade.

    Raises:
        ValueError: ``num`` is no positive integer, or ``stop_after`` no part.
        Exception: Others, as :class:`RestorationModel`.
    """

    def __init__(
        self, restorer: dict, num: int = 2, stop_after: str | None = None, **kwargs
    ) -> None:
        super().__init__(dict(type='RestorerCascade', restorer=restorer, num=num), **kwargs)
        # Stages train direct children. The cascade itself stays at hand for loading, unregistered:
        # in a tuple, where it adds no keys.
        cascade: RestorerCascade = self.restorer
        del self.restorer
        self._cascade = (cascade,)
        self.sequence = [name for name, _ in cascade.named_children()]
        for name, part in cascade.named_children():
            self.add_module(name, part)
        if stop_after is not None and stop_after not in self.sequence:
            raise ValueError(f'model.stop_after={stop_after!r}; allowed: {self.sequence}')
        self.stop_after = stop_after

    def init_weights(self) -> None:
        """Start the parts by their own rules or from a checkpoint; load what losses need."""
        (cascade,) = self._cascade
        cascade.init_weights()
        if self.restorer_checkpoint is not None:
            load_restorer(cascade, self.restorer_checkpoint)
        for loss in self.losses.values():
            if hasattr(loss, 'init_weights'):
                loss.init_weights()
        self._is_init = True

    def _accept_other_checkpoints(self) -> None:
        # Its own keys, D1.…, are those of a restorer alone: nothing is to be put before them.
        self._register_load_state_dict_pre_hook(_read_as_parts, with_module=True)

    def tested_parts(self) -> list[str]:
        """Up to the last part that is being trained, or asked for by ``stop_after``."""
        last = [name for name in self.sequence if name in self.trained_parts][-1]
        if self.stop_after is not None and not self.training:
            last = self.stop_after
        return self.sequence[: self.sequence.index(last) + 1]

    def restore(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """Images of the last part that is being trained, or asked for by ``stop_after``."""
        images = self._images.from_inputs(inputs)
        condition = self._condition(images, data_samples)
        return boost(images, [partial(self._step, part, condition) for part in self.tested_parts()])

    def auxiliary_losses(
        self, inputs: Tensor, clean: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """Those of D1, while it is trained."""
        if 'D1' not in self.trained_parts:
            return {}
        (cascade,) = self._cascade
        images = self._images.from_inputs(inputs)
        return cascade.D1.auxiliary_losses(images, clean, data_samples)

    def _step(self, name: str, condition: Tensor | None, images: Tensor) -> Tensor:
        return self.run_part(name, images, condition)


def _read_as_parts(model, state_dict: dict, prefix: str, *_) -> None:
    """Read the keys of a cascade inside another model, ``restorer.D1.…``, as those of parts."""
    inner = f'{prefix}restorer.'
    for key in [key for key in state_dict if key.startswith(inner)]:
        state_dict[prefix + key[len(inner) :]] = state_dict.pop(key)
