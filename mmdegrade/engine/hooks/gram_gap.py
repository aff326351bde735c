"""Watch the gap between the Gram matrices of a trained network and its clean-trained start.

The curve of Fig. 4b of the DGN paper, for any training, plain fine-tuning included.
"""

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmdegrade.models.losses import dense_gram_loss
from mmdegrade.models.taps import FeatureTap
from mmdegrade.models.teacher import FrozenTeacher
from mmdegrade.models.unwrapped import unwrapped

from .random_state import random_states, restore_random_states


@HOOKS.register_module()
class GramGapHook(Hook):
    """Log ``gram_gap.<block>`` every ``interval`` iterations; train nothing.

    Both networks run in evaluation mode without gradient on the current training batch, and the
    model's modes are put back, so weights, BN statistics and random states stay as they were.

    Args:
        clean_checkpoint (str): Clean-trained weights of the network.
        taps: The layers to compare; see :func:`mmdegrade.models.taps.resolve_taps`.
        interval (int): Iterations between two measurements. Defaults to 50.

    Raises:
        ValueError: ``interval`` is not positive, or a tap matches nothing.
        FileNotFoundError: No clean checkpoint; raised before the first iteration.
    """

    priority = 'ABOVE_NORMAL'  # before the logger reads the message hub

    def __init__(self, clean_checkpoint: str, taps='out_indices', interval: int = 50) -> None:
        if interval < 1:
            raise ValueError(f'GramGapHook: interval={interval}; allowed: 1 or more')
        self.clean_checkpoint = clean_checkpoint
        self.taps = taps
        self.interval = interval

    def before_train(self, runner) -> None:
        model = unwrapped(runner.model)
        # Our wrappers keep the network under ``segmentor``; a stock model is the network.
        wrapped = 'segmentor' in runner.cfg.model
        cfg = runner.cfg.model.segmentor if wrapped else runner.cfg.model
        self.preprocess = model.data_preprocessor
        self.network = model.segmentor if wrapped else model
        states = random_states()  # building a network draws its initial weights
        self.source = FrozenTeacher(cfg, self.clean_checkpoint, self.taps)
        self.source.init_weights()
        restore_random_states(states)
        self.source.to(next(model.parameters()).device)

    @torch.no_grad()
    def after_train_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if not self.every_n_train_iters(runner, self.interval):
            return
        inputs = self.preprocess(data_batch, True)['inputs']
        modes = {module: module.training for module in self.network.modules()}
        tap = FeatureTap(self.network, self.taps)
        try:
            self.network.train(False)
            self.network(inputs, None, mode='tensor')
            target = tap.read()
        finally:
            tap.remove()
            for module, mode in modes.items():
                module.training = mode
        source = self.source.features(inputs)
        for block, maps in target.items():
            gap = dense_gram_loss(source[block], maps)
            runner.message_hub.update_scalar(f'train/gram_gap.{block}', gap.item())
