"""Models whose parts are trained one after another.

The one mechanism for stages: ``StagedTrainLoop`` says which parts a stage trains, the model asks.
"""

import torch
from mmengine.optim import OptimWrapperDict
from torch import nn


class StagedModel:
    """Mixin for a model whose direct children are trained in turn.

    Inherit from it before the MMEngine base class, keep every part a direct child, and reach parts
    through :meth:`run_part` alone. Then, in a stage, the other parts are in evaluation mode and run
    under ``no_grad``, and the parts of a wrapped model keep their gradients in step between
    processes: the wrapper sits on each part and sees no other calls than ``part(…)``.

    ``requires_grad`` is never changed: the wrapper was built for it.
    """

    _trained: tuple[str, ...] | None = None

    @property
    def trained_parts(self) -> tuple[str, ...]:
        """Names of the children that are being trained; all of them outside of stages."""
        return self.part_names if self._trained is None else self._trained

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the direct children that can be trained."""
        return tuple(
            name
            for name, child in self.named_children()
            if any(parameter.requires_grad for parameter in child.parameters())
        )

    def train_only(self, *parts: str) -> None:
        """Choose the parts that are trained from now on; without names, all of them.

        Raises:
            ValueError: A name of no part; names those there are.
        """
        unknown = [part for part in parts if part not in self.part_names]
        if unknown:
            raise ValueError(
                f'train={list(parts)}: {type(self).__name__} has no part {unknown}; '
                f'allowed: {list(self.part_names)}'
            )
        self._trained = tuple(parts) or None
        self.train(self.training)

    def train(self, mode: bool = True):
        """Set the mode; parts that are not being trained stay in evaluation mode."""
        super().train(mode)
        for name in set(self.part_names) - set(self.trained_parts):
            getattr(self, name).train(False)
        return self

    def run_part(self, name: str, *args, **kwargs):
        """Call a part: with gradients if it is being trained, without otherwise."""
        part: nn.Module = getattr(self, name)
        with torch.set_grad_enabled(torch.is_grad_enabled() and name in self.trained_parts):
            return part(*args, **kwargs)

    def train_step(self, data, optim_wrapper) -> dict:
        """As the base class; where parts have optimisers of their own, all take a step.

        Gradients are not accumulated over iterations then (``accumulative_counts`` is 1).
        """
        if not isinstance(optim_wrapper, OptimWrapperDict):
            return super().train_step(data, optim_wrapper)
        data = self.data_preprocessor(data, True)
        with optim_wrapper[self.trained_parts[0]].optim_context(self):
            losses = self._run_forward(data, mode='loss')
        total, logged = self.parse_losses(losses)
        wrappers = [wrapper for _, wrapper in optim_wrapper.items()]
        for wrapper in wrappers:
            wrapper.zero_grad()
        wrappers[0].backward(total)
        for wrapper in wrappers:
            wrapper.step()
        return logged
