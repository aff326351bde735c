"""Noise on tensors, from a generator of the sample's own."""

import torch
from torch import Generator, Tensor


def _normal(img: Tensor, generator: Generator) -> Tensor:
    return torch.randn(img.shape, generator=generator, device=img.device, dtype=img.dtype)


def _uniform(shape, img: Tensor, generator: Generator) -> Tensor:
    return torch.rand(shape, generator=generator, device=img.device, dtype=img.dtype)


def _clip(out: Tensor, clip: bool) -> Tensor:
    return out.clamp(0, 1) if clip else out


def gaussian_noise(img: Tensor, generator: Generator, sigma: float, clip: bool) -> Tensor:
    return _clip(img + _normal(img, generator) * (sigma / 255), clip)


def speckle(img: Tensor, generator: Generator, sigma: float, clip: bool) -> Tensor:
    return _clip(img + img * _normal(img, generator) * sigma, clip)


def poisson(img: Tensor, generator: Generator, peak: float, clip: bool) -> Tensor:
    return _clip(torch.poisson(img.clamp(min=0) * peak, generator=generator) / peak, clip)


def salt_and_pepper(img: Tensor, generator: Generator, amount: float) -> Tensor:
    u = _uniform(img.shape, img, generator)
    out = img.masked_fill(u < amount / 2, 0)
    return out.masked_fill(u > 1 - amount / 2, 1)


def pepper(img: Tensor, generator: Generator, amount: float) -> Tensor:
    return img.masked_fill(_uniform(img.shape[1:], img, generator) < amount, 0)


def impulse(img: Tensor, generator: Generator, amount: float) -> Tensor:
    hit = _uniform(img.shape, img, generator) < amount
    values = torch.randint(256, img.shape, generator=generator, device=img.device) / 255
    return torch.where(hit, values, img)


KINDS = {
    'awgn': gaussian_noise,
    'speckle': speckle,
    'poisson': poisson,
    'saltpepper': salt_and_pepper,
    'pepper': pepper,
    'impulse': impulse,
}
