"""Brightness and contrast of tensors."""

import torch
from torch import Tensor


def brightness(img: Tensor, generator, shift: float) -> Tensor:
    img = img.clamp(0, 1)
    value = img.amax(0)
    brighter = img * ((value + shift).clamp(max=1) / value.clamp(min=1e-6))
    return torch.where(value > 0, brighter, img.new_tensor(shift))


def contrast(img: Tensor, generator, factor: float) -> Tensor:
    mean = img.mean((1, 2), keepdim=True)
    return (img - mean) * factor + mean


KINDS = {'brightness': brightness, 'contrast': contrast}
