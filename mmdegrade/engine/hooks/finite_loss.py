"""Stop a training whose loss is no number any more, before it spoils the weights, and say why."""

import logging

import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.registry import HOOKS

from mmdegrade.models.unwrapped import unwrapped


class NonFiniteLossError(FloatingPointError):
    """A loss is infinite or not a number."""


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Look at every loss before its gradients are computed.

    The Gram loss grows with the fourth power of the activations, so a step that is too long ends
    in ``nan`` within a few iterations. The optimiser never takes the step after such a loss: the
    weights, and the last checkpoint, are those from before.

    It looks where models sum their losses (``parse_losses``), so it works with every MMEngine
    model, several optimisers and several processes.

    Args:
        interval (int): Iterations between two looks; on a GPU a look waits for the computation.
            Defaults to 1.
        skip (int): So many iterations may be left out instead of stopping the run, each with a
            warning, on all processes together. BN statistics have seen the batch all the same.
            Defaults to 0.

    Raises:
        ValueError: ``interval`` is not positive, or ``skip`` negative; with ``skip``, an
            ``interval`` above 1.
        NonFiniteLossError: While training, a ``FloatingPointError``: names the iteration, every
            loss and the images.
    """

    def __init__(self, interval: int = 1, skip: int = 0) -> None:
        if interval < 1:
            raise ValueError(f'FiniteLossHook: interval={interval}; allowed: 1 or more')
        if skip < 0 or (skip and interval > 1):
            raise ValueError(
                f'FiniteLossHook: skip={skip} with interval={interval}; allowed: 0 or more, and '
                'with interval=1 only'
            )
        self.interval = interval
        self.skip = skip
        self.skipped = 0
        self._batch = None

    def before_train(self, runner) -> None:
        """Stand between the losses and the optimiser."""
        network = unwrapped(runner.model)
        parse, step = network.parse_losses, runner.model.train_step

        def parse_losses(losses):
            if self.every_n_inner_iters(runner.iter, self.interval):
                self._check(runner, losses)
            return parse(losses)

        def train_step(data, optim_wrapper):
            try:
                return step(data, optim_wrapper)
            except NonFiniteLossError as error:
                if self.skipped == self.skip:
                    raise
                self.skipped += 1
                print_log(
                    f'skipped ({self.skipped} of {self.skip} allowed): {error}',
                    logger='current',
                    level=logging.WARNING,
                )
                return {}

        network.parse_losses = parse_losses
        if self.skip:
            runner.model.train_step = train_step

    def after_train(self, runner) -> None:
        """Leave the model as it was."""
        network = unwrapped(runner.model)
        del network.parse_losses
        if self.skip:
            del runner.model.train_step

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        self._batch = data_batch

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Skipped iterations count for the whole run."""
        checkpoint['skipped_iterations'] = self.skipped

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if runner._resume:  # a start from weights is a run of its own
            self.skipped = checkpoint.get('skipped_iterations', 0)

    def _check(self, runner, losses: dict) -> None:
        values = {
            name: sum(part.detach().mean() for part in value)
            if isinstance(value, (list, tuple))
            else value.detach().mean()
            for name, value in losses.items()
            if 'loss' in name
        }
        if not values:
            return
        spoilt = ~torch.stack([torch.isfinite(value) for value in values.values()]).all()
        if self.skip:  # all processes leave the iteration out, or none
            spoilt = spoilt.float()
            all_reduce(spoilt, 'max')
        if not spoilt:
            return
        listing = ', '.join(f'{name}={float(value):g}' for name, value in values.items())
        samples = self._batch.get('data_samples', ()) if isinstance(self._batch, dict) else ()
        images = ', '.join(str(sample.get('img_path')) for sample in samples)
        raise NonFiniteLossError(
            f'the loss is not finite at iteration {runner.iter + 1} ({listing}; images: {images}); '
            'the optimiser has not taken this step. Lower optim_wrapper.optimizer.lr or the '
            'loss_weight of the Gram loss, or limit steps with '
            'optim_wrapper.clip_grad=dict(max_norm=10); then go on from the last checkpoint with '
            '--resume. default_hooks.finite_loss.skip=10 leaves out up to ten such iterations'
        )
