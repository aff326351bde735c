"""Brightness and contrast of tensors."""

from torch import Tensor


def contrast(img: Tensor, generator, factor: float) -> Tensor:
    mean = img.mean((1, 2), keepdim=True)
    return ((img - mean) * factor + mean).clamp(0, 1)


KINDS = {'contrast': contrast}
