"""Deformable convolution against an independent NumPy double loop, torch's own conv, gradcheck."""

import itertools
import math

import numpy as np
import pytest
import torch

from mmdegrade.compat.deform_conv import deform_conv2d


def _bilinear(image, y, x):
    """One zero-padded bilinear sample of an (H, W) array."""
    y0, x0 = math.floor(y), math.floor(x)
    total = 0.0
    for row, col in itertools.product((y0, y0 + 1), (x0, x0 + 1)):
        if 0 <= row < image.shape[0] and 0 <= col < image.shape[1]:
            total += image[row, col] * (1 - abs(y - row)) * (1 - abs(x - col))
    return total


def _naive(x, offset, weight, bias, stride, padding, dilation, mask):
    """The sum of eq. 1, output by output and tap by tap."""
    n, c, _, _ = x.shape
    co, per_group, kh, kw = weight.shape
    groups, deform_groups = c // per_group, offset.shape[1] // (2 * kh * kw)
    out = np.zeros((n, co, *offset.shape[2:]))
    for b, o, i, j in np.ndindex(*out.shape):
        value = 0.0 if bias is None else bias[o]
        for p, ky, kx in np.ndindex(per_group, kh, kw):
            channel = (o // (co // groups)) * per_group + p
            tap = (channel // (c // deform_groups)) * kh * kw + ky * kw + kx
            y = i * stride[0] - padding[0] + ky * dilation[0] + offset[b, 2 * tap, i, j]
            z = j * stride[1] - padding[1] + kx * dilation[1] + offset[b, 2 * tap + 1, i, j]
            factor = 1.0 if mask is None else mask[b, tap, i, j]
            value += weight[o, p, ky, kx] * factor * _bilinear(x[b, channel], y, z)
        out[b, o, i, j] = value
    return out


def _out_size(size, k, stride, padding, dilation):
    return (size + 2 * padding - dilation * (k - 1) - 1) // stride + 1


def _inputs(groups, deform_groups, stride, padding, dilation, kernel=(3, 2), hw=(6, 5), spread=1.5):
    generator = torch.Generator().manual_seed(3)

    def randn(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    ho, wo = (_out_size(hw[d], kernel[d], stride[d], padding[d], dilation[d]) for d in (0, 1))
    taps = kernel[0] * kernel[1]
    return dict(
        x=randn(2, 4, *hw),
        offset=spread * randn(2, 2 * deform_groups * taps, ho, wo),
        weight=randn(4, 4 // groups, *kernel),
        bias=randn(4),
        mask=randn(2, deform_groups * taps, ho, wo).sigmoid(),
    )


@pytest.mark.parametrize('with_mask', [True, False])
@pytest.mark.parametrize(
    ('groups', 'deform_groups', 'stride', 'padding', 'dilation'),
    [
        (1, 1, (1, 1), (1, 1), (1, 1)),
        (2, 1, (2, 1), (1, 0), (1, 1)),
        (1, 2, (1, 2), (2, 1), (2, 1)),
        (2, 4, (1, 1), (0, 2), (1, 2)),
        (4, 2, (2, 2), (1, 1), (1, 1)),
    ],
)
def test_equals_the_double_loop(groups, deform_groups, stride, padding, dilation, with_mask):
    given = _inputs(groups, deform_groups, stride, padding, dilation)
    if not with_mask:
        given['mask'] = None
    geometry = dict(stride=stride, padding=padding, dilation=dilation)
    arrays = {k: v if v is None else v.numpy() for k, v in given.items()}
    expected = _naive(**arrays, **geometry)
    np.testing.assert_allclose(deform_conv2d(**given, **geometry).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize(('stride', 'padding', 'dilation'), [(1, 0, 1), (2, 1, 1), (1, 2, 2)])
def test_without_offsets_it_is_a_convolution(stride, padding, dilation):
    pairs = [(v, v) for v in (stride, padding, dilation)]
    given = _inputs(2, 1, *pairs)
    given.update(offset=torch.zeros_like(given['offset']), mask=None)
    expected = torch.nn.functional.conv2d(
        given['x'], given['weight'], given['bias'], stride, padding, dilation, groups=2
    )
    actual = deform_conv2d(**given, stride=stride, padding=padding, dilation=dilation)
    torch.testing.assert_close(actual, expected)


def test_gradients_in_every_argument():
    given = _inputs(2, 2, (1, 1), (1, 1), (1, 1), kernel=(2, 2), hw=(3, 3), spread=0.3)
    names = list(given)
    tensors = [given[name].requires_grad_() for name in names]
    # At whole pixels bilinear sampling has a kink; these offsets are at none.
    positions = given['offset'].detach()
    assert (positions - positions.round()).abs().min() > 1e-4
    assert torch.autograd.gradcheck(
        lambda *args: deform_conv2d(**dict(zip(names, args, strict=True)), padding=1), tensors
    )


@pytest.mark.parametrize(
    ('name', 'shape', 'message'),
    [
        ('offset', (2, 7, 6, 5), 'offset must be'),
        ('offset', (2, 18, 5, 5), 'offset must be'),
        ('mask', (2, 3, 6, 5), 'mask must be'),
        ('weight', (4, 3, 3, 2), 'weight .* does not fit the 4 channels'),
    ],
)
def test_wrong_shapes_are_named(name, shape, message):
    given = _inputs(1, 1, (1, 1), (1, 1), (1, 1))
    given[name] = torch.zeros(shape, dtype=torch.float64)
    with pytest.raises(ValueError, match=message):
        deform_conv2d(**given, padding=1)
