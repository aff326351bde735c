"""Elastic weight consolidation (EWC): hold weights that mattered on clean images near their start.

Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017; baseline of
Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020:

    L = L_seg + λ / 2 · Σ_i F_i (θ_i − θ*_i)²,  λ = 400

F is the diagonal of the Fisher information on clean images (``tools/estimate_fisher.py``), θ* the
clean-trained weights it was estimated at.
"""

import os.path as osp

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch import nn

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.models.unwrapped import unwrapped


def load_fisher(path: str) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Read a file of ``estimate_fisher``: parameter name -> (F, θ*).

    Raises:
        FileNotFoundError: No such file; names the command that makes it.
        ValueError: The file holds something else.
    """
    if not osp.isfile(path):
        raise FileNotFoundError(
            f'EWCHook: fisher={path!r}: no such file. Make it with '
            '`python tools/estimate_fisher.py CONFIG CLEAN_CHECKPOINT OUT`'
        )
    loaded = load_checkpoint_safely(path)
    if not isinstance(loaded, dict) or not {'fisher', 'start'} <= loaded.keys():
        raise ValueError(f'EWCHook: fisher={path!r} was not written by tools/estimate_fisher.py')
    return {name: (loaded['fisher'][name], loaded['start'][name]) for name in loaded['fisher']}


@HOOKS.register_module()
class EWCHook(Hook):
    """Add ``loss_ewc`` to the losses of any segmentor.

    It is a loss like any other: in the log, under gradient clipping, accumulation, mixed precision
    and DDP.

    Args:
        fisher (str): File written by ``tools/estimate_fisher.py``.
        weight (float): λ. Defaults to 400, the paper's.

    Raises:
        FileNotFoundError: No Fisher file.
        ValueError: ``weight`` is not positive; the file belongs to another network.
    """

    priority = 'VERY_HIGH'

    def __init__(self, fisher: str, weight: float = 400.0) -> None:
        if not weight > 0:
            raise ValueError(f'EWCHook: weight={weight} does nothing; allowed: > 0')
        self.fisher = fisher
        self.weight = weight

    def before_train(self, runner) -> None:
        model = unwrapped(runner.model)
        # Our wrappers keep the network under ``segmentor``; a stock model is the network.
        network = getattr(model, 'segmentor', model)
        pulls = self._match(network, load_fisher(self.fisher))
        loss = model.loss

        def loss_with_ewc(*args, **kwargs) -> dict:
            losses = loss(*args, **kwargs)
            penalty = sum((f * (p - start).square()).sum() for p, f, start in pulls)
            return {**losses, 'loss_ewc': self.weight / 2 * penalty}

        self._model, self._loss = model, loss
        model.loss = loss_with_ewc

    def after_train(self, runner) -> None:
        del self._model.loss  # the class's own again

    def _match(self, network: nn.Module, stored: dict) -> list[tuple]:
        """(parameter, F, θ*) of every trained parameter."""
        own = {name: p for name, p in network.named_parameters() if p.requires_grad}
        lacking = [name for name in own if name not in stored]
        misshapen = [
            name for name in own if name in stored and stored[name][0].shape != own[name].shape
        ]
        if lacking or misshapen:
            raise ValueError(
                f'EWCHook: fisher={self.fisher!r} belongs to another network: it lacks '
                f'{lacking[:3]} ({len(lacking)} in all), and {misshapen[:3]} ({len(misshapen)}) '
                'differ in shape; estimate it with the same model config'
            )
        return [(p, *(part.to(p) for part in stored[name])) for name, p in own.items()]
