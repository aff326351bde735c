"""Modulated deformable convolution (DCNv2) in plain torch, where mmcv's compiled ops are missing.

Zhu et al., "Deformable ConvNets v2", CVPR 2019, eq. 1, with the offset and mask layout of
``mmcv.ops.modulated_deform_conv2d`` and ``torchvision.ops.deform_conv2d``, so weights exchange
freely. Sampling is one ``grid_sample``, the sum over taps one ``einsum``: differentiable in every
argument, on any device and dtype that these two support.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['deform_conv2d']


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    mask: Tensor | None = None,
) -> Tensor:
    """Convolve, reading each kernel tap at a learned fractional position.

    The input is zero outside the image. The numbers of groups follow from the shapes.

    Args:
        x: (N, C, H, W).
        offset: (N, 2·D·kh·kw, Ho, Wo): for each of D deform groups and each tap in row-major
            order the pair (dy, dx) in pixels, added to the tap's regular position. Deform group
            d moves channels ``d·C/D … (d+1)·C/D - 1``.
        weight: (Co, C/groups, kh, kw).
        bias: (Co,) or None.
        stride: Step between outputs, an int or (vertical, horizontal).
        padding: Zeros around the image, likewise.
        dilation: Distance between taps, likewise.
        mask: (N, D·kh·kw, Ho, Wo), a factor for each tap; None means 1 (DCNv1).

    Returns:
        (N, Co, Ho, Wo).

    Raises:
        ValueError: If a shape does not fit; the message names the argument and what fits.
    """
    (sy, sx), (py, px), (ey, ex) = _pair(stride), _pair(padding), _pair(dilation)
    n, c, h, w = x.shape
    co, c_per_group, kh, kw = weight.shape
    taps = kh * kw
    ho = (h + 2 * py - ey * (kh - 1) - 1) // sy + 1
    wo = (w + 2 * px - ex * (kw - 1) - 1) // sx + 1
    _check_shapes(x, offset, weight, mask, (n, ho, wo))
    groups = c // c_per_group
    deform_groups = offset.shape[1] // (2 * taps)

    # Absolute position in pixels of every tap of every output: (N, D, taps, Ho, Wo).
    def regular(size: int, k: int, step: int, pad: int, spread: int) -> Tensor:
        out = torch.arange(size, device=x.device, dtype=offset.dtype) * step - pad
        tap = torch.arange(k, device=x.device, dtype=offset.dtype) * spread
        return tap[:, None] + out[None, :]  # (k, size)

    rows = regular(ho, kh, sy, py, ey).repeat_interleave(kw, dim=0)  # (taps, Ho), row-major
    cols = regular(wo, kw, sx, px, ex).repeat(kh, 1)  # (taps, Wo)
    shift = offset.reshape(n, deform_groups, taps, 2, ho, wo)
    y = shift[:, :, :, 0] + rows[:, :, None]
    x_pos = shift[:, :, :, 1] + cols[:, None, :]

    # grid_sample wants (x, y) with -1 and 1 at the outer pixel edges (align_corners=False).
    grid = torch.stack(((2 * x_pos + 1) / w - 1, (2 * y + 1) / h - 1), dim=-1)
    sampled = F.grid_sample(
        x.reshape(n * deform_groups, c // deform_groups, h, w),
        grid.reshape(n * deform_groups, taps * ho, wo, 2).to(x.dtype),
        mode='bilinear',
        padding_mode='zeros',
        align_corners=False,
    ).reshape(n, deform_groups, c // deform_groups, taps, ho, wo)
    if mask is not None:
        sampled = sampled * mask.reshape(n, deform_groups, 1, taps, ho, wo)

    out = torch.einsum(
        'goct,ngctl->ngol',
        weight.reshape(groups, co // groups, c_per_group, taps),
        sampled.reshape(n, groups, c_per_group, taps, ho * wo),
    ).reshape(n, co, ho, wo)
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _check_shapes(
    x: Tensor, offset: Tensor, weight: Tensor, mask: Tensor | None, out: tuple[int, int, int]
) -> None:
    c, (co, c_per_group, kh, kw) = x.shape[1], weight.shape
    if c % c_per_group or co % (c // c_per_group):
        raise ValueError(
            f'weight {tuple(weight.shape)} does not fit the {c} channels of x: x.shape[1] must be '
            'groups * weight.shape[1], and weight.shape[0] a multiple of groups'
        )
    taps = kh * kw
    deform_groups = offset.shape[1] // (2 * taps)
    n, ho, wo = out
    expected = (n, 2 * deform_groups * taps, ho, wo)
    if not deform_groups or c % deform_groups or tuple(offset.shape) != expected:
        raise ValueError(
            f'offset must be (N, 2*D*kh*kw, Ho, Wo) = ({n}, {2 * taps}*D, {ho}, {wo}) with D '
            f'dividing {c}, got {tuple(offset.shape)}'
        )
    expected = (n, deform_groups * taps, ho, wo)
    if mask is not None and tuple(mask.shape) != expected:
        raise ValueError(f'mask must be (N, D*kh*kw, Ho, Wo) = {expected}, got {tuple(mask.shape)}')
