"""Keep batch-normalisation statistics frozen while the weights train."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from torch.nn.modules.batchnorm import _BatchNorm


@HOOKS.register_module()
class NormEvalHook(Hook):
    """Put every BN layer into evaluation mode for training, in any model.

    Adapting a clean-trained network with small batches spoils its BN statistics. Backbones have
    ``norm_eval`` for themselves; this reaches heads too, and serves plain fine-tuning and our
    segmentors alike, so that they compare. The affine weights still train.
    """

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        # Every iteration, because the loop calls model.train() again after each validation.
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                module.train(False)
