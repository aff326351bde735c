"""Keep batch-normalisation statistics frozen while the weights train."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch.nn.modules.batchnorm import _BatchNorm

from mmdegrade.models.unwrapped import unwrapped


@HOOKS.register_module()
class NormEvalHook(Hook):
    """Put every BN layer into evaluation mode for training, in any model.

    Adapting a clean-trained network with small batches spoils its BN statistics. Backbones have
    ``norm_eval`` for themselves; this reaches heads too, and serves plain fine-tuning and our
    segmentors alike, so that they compare. The affine weights still train.

    Args:
        parts (Sequence[str], optional): Children of the model that it is for: in a model of several
            parts, those that start from trained weights. Defaults to all.

    Raises:
        ValueError: A part that the model does not have; raised before training starts.
    """

    def __init__(self, parts: Sequence[str] | None = None) -> None:
        self.parts = parts

    def before_train(self, runner) -> None:
        children = dict(unwrapped(runner.model).named_children())
        unknown = [part for part in self.parts or () if part not in children]
        if unknown:
            raise ValueError(
                f'NormEvalHook: parts={list(self.parts)}: the model has no {unknown}; allowed: '
                f'{list(children)}'
            )

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        # Every iteration, because the loop calls model.train() again after each validation.
        model = unwrapped(runner.model)
        for part in [model] if self.parts is None else map(model.get_submodule, self.parts):
            for module in part.modules():
                if isinstance(module, _BatchNorm):
                    module.train(False)
