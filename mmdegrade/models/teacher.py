"""Frozen teachers: a clean-trained segmentor that is read and never changes."""

import copy
from contextlib import nullcontext

import torch
from mmengine.config import ConfigDict
from mmengine.logging import print_log
from mmseg.registry import MODELS
from torch import Tensor, nn

from .clean_checkpoint import load_clean_checkpoint
from .fold_batchnorm import fold_batchnorm
from .frozen import FrozenNetwork
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


class FrozenTeacher(FrozenNetwork):
    """A segmentor that stays as its checkpoint made it; what that means: :class:`FrozenNetwork`.

    - :meth:`features` stops after the last tap; it runs in inference mode unless gradients are to
      reach its input. Without taps, :meth:`logits` runs the whole network, with gradients;
    - BN is folded into the convolutions where the result agrees.

    Args:
        segmentor (dict): Config of an mmseg segmentor.
        checkpoint (str): Its clean-trained weights; see :func:`load_clean_checkpoint`.
        taps: What :meth:`features` reads; see :func:`mmdegrade.models.taps.resolve_taps`. None for
            a teacher whose :meth:`logits` are wanted.
        channels_last (bool): Run in the memory format that convolutions like best. Defaults to
            True.
        dtype (str): ``'float32'`` (default: the dtype of the model) or ``'bfloat16'``, which takes
            half the memory and, where the hardware has it, half the time, and changes the
            features by less than a hundredth (see ``benchmarks/train_step.py``).
        key (str): Config key of the checkpoint, named in errors.

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
        key: str = 'model.clean_checkpoint',
    ) -> None:
        super().__init__()
        if dtype not in ('float32', 'bfloat16'):
            raise ValueError(f"FrozenTeacher: dtype={dtype!r}; allowed: 'float32', 'bfloat16'")
        self.bfloat16_weights = dtype == 'bfloat16'
        self.model = self.build(segmentor)
        self.checkpoint = checkpoint
        self.key = key
        self.channels_last = channels_last
        self._taps = taps
        self._tap = self._attach_tap(self.model)
        self.freeze()

    def build(self, cfg: dict) -> nn.Module:
        """Build the network, without weights."""
        return MODELS.build(without_pretrained(cfg))

    def read_checkpoint(self) -> None:
        """Fill the network."""
        load_clean_checkpoint(self.model, self.checkpoint, self.key)

    def load(self) -> None:
        """Read the clean checkpoint and fold BN."""
        self.read_checkpoint()
        self.fold()

    def _attach_tap(self, model: nn.Module) -> FeatureTap | None:
        return None if self._taps is None else FeatureTap(model, self._taps, stop_after_last=True)

    def fold(self) -> None:
        """Fold BN where the tapped features, or the logits, agree with the unfolded network's."""
        if self._tap is not None:
            self._tap.remove()
        parameter = next(self.model.parameters())
        generator = torch.Generator().manual_seed(0)
        probe = torch.randn((2, 3, 128, 128), generator=generator).to(parameter)

        def run(model: nn.Module) -> list[Tensor]:
            tap = self._attach_tap(model)
            if tap is None:
                return [_full_size_logits(model, probe)]
            try:
                maps = _forward_to_last_tap(model, tap, probe)
            finally:
                tap.remove()
            return [feature for block in maps.values() for feature in block]

        self.model, count = fold_batchnorm(self.model, run)
        self._tap = self._attach_tap(self.model)
        if self.channels_last:
            self.model.to(memory_format=torch.channels_last)
        if self.bfloat16_weights:
            self.model.bfloat16()
        print_log(f'FrozenTeacher: {self.checkpoint}, {count} BN layers folded', logger='current')

    def features(self, inputs: Tensor, gradients: bool = False) -> dict[str, list[Tensor]]:
        """Tapped maps for normalised images.

        Args:
            inputs (Tensor): N×3×H×W, normalised.
            gradients (bool): Whether the maps are to be differentiable in ``inputs``. Defaults to
                False: inference tensors, which autograd cannot use.

        Returns:
            dict[str, list[Tensor]]: Block name to N×C×H×W of the teacher's dtype.

        Raises:
            RuntimeError: The checkpoint has not been loaded, or there are no taps.
        """
        if self._tap is None:
            raise RuntimeError('FrozenTeacher: taps=None, so there are no features to read')
        inputs = self._prepared(inputs)
        with nullcontext() if gradients else torch.inference_mode():
            return _forward_to_last_tap(self.model, self._tap, inputs)

    def logits(self, inputs: Tensor) -> Tensor:
        """Class scores of normalised images, differentiable in the images.

        Args:
            inputs (Tensor): N×3×H×W, normalised.

        Returns:
            Tensor: N×K×H×W of the dtype of ``inputs``.

        Raises:
            RuntimeError: The checkpoint has not been loaded, or the teacher has taps and stops
                before its end.
        """
        if self._tap is not None:
            raise RuntimeError('FrozenTeacher: logits need taps=None; this one stops at its taps')
        return _full_size_logits(self.model, self._prepared(inputs)).to(inputs.dtype)

    def _prepared(self, inputs: Tensor) -> Tensor:
        """The memory format and dtype of the teacher."""
        self.require_weights()
        if self.channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        return inputs.bfloat16() if self.bfloat16_weights else inputs


def _forward_to_last_tap(model: nn.Module, tap: FeatureTap, inputs: Tensor):
    tap.clear()
    try:
        model(inputs, None, mode='tensor')
    except ForwardStopped:
        pass
    return tap.read()


def _full_size_logits(model: nn.Module, inputs: Tensor) -> Tensor:
    """Logits of a whole forward pass at the size of the input."""
    size = tuple(inputs.shape[-2:])
    meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
    return model.encode_decode(inputs, [meta] * len(inputs))
