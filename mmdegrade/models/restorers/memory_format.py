"""In which order the values of a batch lie in memory."""

import torch
from torch import Tensor


def channels_last_on_cpu(batch: Tensor) -> Tensor:
    """N×C×H×W: on a CPU with the channels last, as it is elsewhere.

    CPUs convolve maps of few channels faster so, and in less memory: otherwise every convolution
    reorders its input and its output. All layers after the first keep the order.
    """
    if batch.device.type == 'cpu':
        return batch.contiguous(memory_format=torch.channels_last)
    return batch
