"""Random numbers of a training step that depend on (seed, iteration, rank) alone."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmdegrade.degradations import keyed_rng


def random_states() -> dict:
    """States of Python's, NumPy's and torch's generators, in types a safe checkpoint may hold."""
    version, words, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    return dict(
        python=(version, list(words), gauss),
        numpy=(name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached),
        torch=torch.random.get_rng_state(),
        cuda=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    )


def restore_random_states(states: dict) -> None:
    """Put back what :func:`random_states` took."""
    version, words, gauss = states['python']
    random.setstate((version, tuple(words), gauss))
    name, keys, position, has_gauss, cached = states['numpy']
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), position, has_gauss, cached))
    torch.random.set_rng_state(states['torch'].cpu())
    if states['cuda'] and len(states['cuda']) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([state.cpu() for state in states['cuda']])


@HOOKS.register_module()
class RandomStateHook(Hook):
    """Make a resumed run draw the random numbers of an uninterrupted one.

    Two parts. Before every training iteration the generators of Python, NumPy and torch (all
    devices) are seeded from (seed, iteration, rank): dropout of iteration 1,000 is the same
    whatever came before it, on every rank, although a checkpoint is written by the first rank
    only. And the generators' states travel in the checkpoint as ``random_states``, for whatever
    draws outside iterations.

    Data is covered by ``KeyedSampler``. Together they make resuming exact, bit for bit on CPU.
    """

    priority = 'VERY_HIGH'

    def before_train_iter(self, runner, batch_idx: int, data_batch=None) -> None:
        rng = keyed_rng('iteration', runner.seed, runner.iter, get_rank())
        words = [int(word) for word in rng.integers(0, 2**32, size=3)]
        random.seed(words[0])
        np.random.seed(words[1])
        torch.manual_seed(words[2])

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['random_states'] = random_states()

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        # Weights taken with load_from start a new run; only a resumed one continues the old.
        if runner._resume and 'random_states' in checkpoint:
            restore_random_states(checkpoint['random_states'])
