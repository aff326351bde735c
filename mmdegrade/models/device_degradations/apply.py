"""Apply recorded degradations to one image tensor."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

from . import blur, noise, tone, weather

# kind -> function(img, generator, **params); img (C, H, W) float32 on [0, 1].
DEVICE_KINDS: Mapping[str, Callable] = MappingProxyType(
    {**blur.KINDS, **noise.KINDS, **tone.KINDS, **weather.KINDS}
)


def degrade_on_device(img: Tensor, record: dict) -> Tensor:
    """Do what ``Degrade(on_device=True)`` left undone.

    Args:
        img: (C, H, W), uint8, or float32 on 0-255; any device. Not changed.
        record: dict(kind, params, device_seed, …) of ``results['degradations']``.

    Returns:
        (C, H, W) on the same device: uint8 for uint8, rounded and saturated, unless the
        parameters say ``clip=False``; otherwise float32 on 0-255.

    Raises:
        ValueError: The kind has no device version.
    """
    kind, params = record['kind'], record['params']
    if kind not in DEVICE_KINDS:
        raise ValueError(
            f'Degrade(on_device=True): kind {kind!r} has no device version; allowed: '
            f'{", ".join(DEVICE_KINDS)}. Leave on_device out for it'
        )
    generator = torch.Generator(img.device).manual_seed(record['device_seed'])
    out = DEVICE_KINDS[kind](img.float() / 255, generator, **params) * 255
    if img.dtype == torch.uint8 and params.get('clip') is not False:
        return out.round().clamp(0, 255).to(torch.uint8)
    return out
