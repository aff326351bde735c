"""Haze on tensors. Depth is the ramp: a depth map does not travel to the device."""

import torch
from torch import Tensor


def haze(img: Tensor, generator, beta: float, depth: None, airlight: float) -> Tensor:
    ramp = torch.linspace(1, 0, img.shape[1], dtype=img.dtype, device=img.device)
    t = torch.exp(-beta * ramp)[:, None]
    return t * img + (1 - t) * airlight


KINDS = {'haze': haze}
