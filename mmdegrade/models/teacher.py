"""Frozen teachers: a clean-trained network that is read and never changes.

The one mechanism behind every method that needs fixed weights beside trained ones.
"""

import copy

import torch
from mmengine.config import ConfigDict
from mmengine.logging import print_log
from mmseg.registry import MODELS
from torch import Tensor, nn

from .clean_checkpoint import load_clean_checkpoint
from .fold_batchnorm import fold_batchnorm
from .taps import FeatureTap, ForwardStopped


def without_pretrained(cfg):
    """Copy a model config without ``pretrained`` and ``init_cfg``: its weights come from us."""
    if isinstance(cfg, dict):
        return ConfigDict(
            {
                key: without_pretrained(value)
                for key, value in cfg.items()
                if key not in ('pretrained', 'init_cfg')
            }
        )
    if isinstance(cfg, (list, tuple)):
        return type(cfg)(without_pretrained(value) for value in cfg)
    return copy.deepcopy(cfg)


class FrozenTeacher(nn.Module):
    """A segmentor that stays as its checkpoint made it.

    - a registered child: it moves with ``.to()`` and is wrapped by DDP with the rest;
    - ``requires_grad=False``, and ``train()`` never takes it out of evaluation mode;
    - left out of ``state_dict()``: it is loaded from its own checkpoint, in ``init_weights()``,
      which the runner calls before training starts, so inference needs no checkpoint;
    - :meth:`features` stops after the last tap and runs in inference mode; BN is folded into the
      convolutions where the result agrees.

    Args:
        segmentor (dict): Config of an mmseg segmentor.
        checkpoint (str): Its clean-trained weights; see :func:`load_clean_checkpoint`.
        taps: What :meth:`features` reads; see :func:`mmdegrade.models.taps.resolve_taps`.
        channels_last (bool): Run in the memory format that convolutions like best. Defaults to
            True.
        dtype (str): ``'float32'`` (default: the dtype of the model) or ``'bfloat16'``, which takes
            half the memory and, where the hardware has it, half the time, and changes the
            features by less than a hundredth (see ``benchmarks/train_step.py``).

    Raises:
        ValueError: Another ``dtype``.
        FileNotFoundError, ValueError: The checkpoint is missing or does not fit; on
            ``init_weights()``.
    """

    def __init__(
        self,
        segmentor: dict,
        checkpoint: str,
        taps,
        channels_last: bool = True,
        dtype: str = 'float32',
    ) -> None:
        super().__init__()
        if dtype not in ('float32', 'bfloat16'):
            raise ValueError(f"FrozenTeacher: dtype={dtype!r}; allowed: 'float32', 'bfloat16'")
        self.bfloat16_weights = dtype == 'bfloat16'
        self.model = MODELS.build(without_pretrained(segmentor))
        self.checkpoint = checkpoint
        self.channels_last = channels_last
        self.loaded = False
        self._taps = taps
        self._tap: FeatureTap | None = FeatureTap(self.model, taps, stop_after_last=True)
        self._prefix = ''
        self.register_load_state_dict_post_hook(_forget_missing)
        self.requires_grad_(False)
        super().train(False)

    def init_weights(self) -> None:
        """Load the clean checkpoint and fold BN. Called by the runner, once."""
        if self.loaded:
            return
        load_clean_checkpoint(self.model, self.checkpoint)
        self.fold()
        self.loaded = True

    def fold(self) -> None:
        """Fold BN where the tapped features agree with the unfolded network's."""
        self._tap.remove()
        parameter = next(self.model.parameters())
        generator = torch.Generator().manual_seed(0)
        probe = torch.randn((2, 3, 128, 128), generator=generator).to(parameter)

        def run(model: nn.Module) -> list[Tensor]:
            tap = FeatureTap(model, self._taps, stop_after_last=True)
            try:
                maps = _forward_to_last_tap(model, tap, probe)
            finally:
                tap.remove()
            return [feature for block in maps.values() for feature in block]

        self.model, count = fold_batchnorm(self.model, run)
        self._tap = FeatureTap(self.model, self._taps, stop_after_last=True)
        if self.channels_last:
            self.model.to(memory_format=torch.channels_last)
        if self.bfloat16_weights:
            self.model.bfloat16()
        print_log(f'FrozenTeacher: {self.checkpoint}, {count} BN layers folded', logger='current')

    def features(self, inputs: Tensor) -> dict[str, list[Tensor]]:
        """Tapped maps for normalised images.

        Args:
            inputs (Tensor): N×3×H×W, normalised.

        Returns:
            dict[str, list[Tensor]]: Block name to N×C×H×W inference tensors of the teacher's
            dtype.

        Raises:
            RuntimeError: The checkpoint has not been loaded.
        """
        if not self.loaded:
            raise RuntimeError(
                'FrozenTeacher: the clean checkpoint is not loaded; call model.init_weights() '
                '(the runner does it before training)'
            )
        if self.channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        if self.bfloat16_weights:
            inputs = inputs.bfloat16()
        with torch.inference_mode():
            return _forward_to_last_tap(self.model, self._tap, inputs)

    def train(self, mode: bool = True) -> 'FrozenTeacher':
        """Stay in evaluation mode, whatever the parent does."""
        return super().train(False)

    def state_dict(self, *args, destination=None, prefix='', keep_vars=False):
        """Nothing: a checkpoint of the student holds the student."""
        return {} if destination is None else destination

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs) -> None:
        self._prefix = prefix  # for ``_forget_missing``, which is not told the prefix


def _forward_to_last_tap(model: nn.Module, tap: FeatureTap, inputs: Tensor):
    tap.clear()
    with torch.no_grad():
        try:
            model(inputs, None, mode='tensor')
        except ForwardStopped:
            pass
    return tap.read()


def _forget_missing(teacher: FrozenTeacher, incompatible_keys) -> None:
    """The teacher's keys are absent from checkpoints on purpose: do not report them."""
    missing = incompatible_keys.missing_keys
    missing[:] = [key for key in missing if not key.startswith(teacher._prefix + 'model.')]
