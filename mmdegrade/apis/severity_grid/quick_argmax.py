"""The same class for every pixel, four times as fast on a CPU.

mmseg's ``postprocess_result`` takes ``logits.argmax(dim=0)`` of C×H×W scores. On a CPU, torch walks
that dimension element by element: 22 ms for 11 × 360 × 480, a seventh of CGNet's whole prediction.
``max(dim=0)`` finds the same index (of the first maximum, or of the first NaN; so both are
documented) in 5 ms, because it is vectorised over pixels.
"""

from contextlib import contextmanager

import torch
from mmseg.models.segmentors import BaseSegmentor
from torch.overrides import TorchFunctionMode

# Beyond, argmax is as fast: its time is then that of reading the scores.
MOST_CLASSES = 100


class QuickArgmax(TorchFunctionMode):
    """Inside this context ``tensor.argmax(dim=0)`` on a CPU is taken by ``max``."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.argmax and len(args) == 1 and kwargs.get('dim') == 0:
            scores = args[0]
            if scores.device.type == 'cpu' and scores.dim() > 1 and len(scores) <= MOST_CLASSES:
                return torch.max(scores, **kwargs).indices
        return func(*args, **kwargs)


@contextmanager
def quick_argmax(*networks: torch.nn.Module):
    """Let the segmentors in networks choose classes quickly; afterwards they are as they were."""
    parts = {id(part): part for network in networks for part in network.modules()}
    segmentors = [part for part in parts.values() if isinstance(part, BaseSegmentor)]

    def quick(postprocess):
        def postprocess_result(*args, **kwargs):
            with QuickArgmax():
                return postprocess(*args, **kwargs)

        return postprocess_result

    # An attribute of the instance goes before the method of its class.
    for part in segmentors:
        part.postprocess_result = quick(part.postprocess_result)
    try:
        yield
    finally:
        for part in segmentors:
            del part.postprocess_result
