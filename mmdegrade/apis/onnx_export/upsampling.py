"""Upsampling by a factor, for tracers.

mmseg's ``Upsample`` (necks, FPNHead, HRNet) works out its size by ``int(length * factor)``, which a
tracer records as a number: the file then upsamples every image to that size.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch.nn.functional as F
from mmseg.models.utils import Upsample
from torch import Tensor, nn


@contextmanager
def symbolic_upsampling(network: nn.Module) -> Iterator[None]:
    """Inside, every ``Upsample`` by a whole factor keeps sizes symbolic; results are the same."""
    changed = [
        part
        for part in network.modules()
        if isinstance(part, Upsample) and not part.size and _is_whole(part.scale_factor)
    ]
    for part in changed:
        part.forward = partial(_upsample, part)
    try:
        yield
    finally:
        for part in changed:
            del part.forward


def _is_whole(factor) -> bool:
    return isinstance(factor, float) and factor.is_integer()


def _upsample(part: Upsample, x: Tensor) -> Tensor:
    size = [length * int(part.scale_factor) for length in x.shape[-2:]]
    return F.interpolate(x, size=size, mode=part.mode, align_corners=part.align_corners)
