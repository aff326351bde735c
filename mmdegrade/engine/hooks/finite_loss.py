"""Stop a training whose loss is no number any more, and say where it came from."""

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raise when a logged loss is infinite or not a number.

    The Gram loss grows with the fourth power of the activations, so a step that is too long ends
    in ``nan`` within a few iterations, and a run would go on to its end for nothing. Where
    ``interval`` divides the checkpoint interval, the last checkpoint is from before.

    Args:
        interval (int): Iterations between two looks; reading a loss waits for the GPU. Defaults
            to 10.

    Raises:
        ValueError: ``interval`` is not positive.
        FloatingPointError: While training: names the iteration, every loss and the images.
    """

    priority = 'ABOVE_NORMAL'  # before the checkpoint hook saves what is spoilt

    def __init__(self, interval: int = 10) -> None:
        if interval < 1:
            raise ValueError(f'FiniteLossHook: interval={interval}; allowed: 1 or more')
        self.interval = interval

    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if not self.every_n_train_iters(runner, self.interval):
            return
        losses = {name: value for name, value in outputs.items() if 'loss' in name}
        if all(torch.isfinite(torch.as_tensor(value)).all() for value in losses.values()):
            return
        listing = ', '.join(f'{name}={float(value):g}' for name, value in losses.items())
        images = [sample.get('img_path') for sample in data_batch.get('data_samples', ())]
        raise FloatingPointError(
            f'the loss is not finite at iteration {runner.iter + 1} ({listing}; images: '
            f'{", ".join(map(str, images))}). Lower optim_wrapper.optimizer.lr or the loss_weight '
            'of the Gram loss, or limit steps with optim_wrapper.clip_grad=dict(max_norm=10); '
            'then go on from the last checkpoint with --resume'
        )
