"""Mixed precision on any device: MMEngine's ``AmpOptimWrapper`` insists on CUDA.

bfloat16 has float32's range, so no loss scaling is needed and the same wrapper serves the CPU and
every accelerator that torch can autocast on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn

__all__ = ['AutocastOptimWrapper']

_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """An ``OptimWrapper`` whose forward pass runs under autocast, without a gradient scaler.

    Args:
        dtype: ``'bfloat16'`` (default) or ``'float16'``. float16 gradients may underflow because
            nothing scales the loss; on CUDA use ``AmpOptimWrapper`` for float16.
        **kwargs: Arguments of `mmengine.optim.OptimWrapper`: ``optimizer``, ``clip_grad``,
            ``accumulative_counts`` and so on.

    Raises:
        ValueError: For any other ``dtype``.
    """

    def __init__(self, dtype: str = 'bfloat16', **kwargs: Any) -> None:
        if dtype not in _DTYPES:
            raise ValueError(
                f'optim_wrapper.dtype of AutocastOptimWrapper must be one of '
                f'{", ".join(map(repr, _DTYPES))}, got {dtype!r}'
            )
        super().__init__(**kwargs)
        self.cast_dtype = _DTYPES[dtype]

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast on the device of the optimised parameters, inside the usual context."""
        device = self.optimizer.param_groups[0]['params'][0].device.type
        with super().optim_context(model), torch.autocast(device, dtype=self.cast_dtype):
            yield
