"""FCN8sHead: against loops in NumPy, alignment with the image, sizes, mmseg integration."""

import mmdegrade  # noqa: F401,I001  first: makes torchvision importable on CPU builds of torch

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmdegrade.models.backbones.vgg16_fcn import VGG16FCN, vgg16_fcn_min_pad
from mmdegrade.models.decode_heads.fcn8s_head import (
    FCN8sHead,
    bilinear_kernel,
    fcn8s_crop_offsets,
    upsample_fixed,
)

ROOT = Path(__file__).parents[2]
CE = dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True)
GEOMETRIES = [(100, 0), (69, 0), (37, 1), (5, 2), (1, 3), (40, 2)]


def head(classes=3, channels=(4, 5, 6), **kwargs):
    torch.manual_seed(0)
    return FCN8sHead(channels, num_classes=classes, loss_decode=CE, **kwargs)


def features(size, channels=(4, 5, 6), pad=100, fc6_pad=0, n=1, seed=1):
    """Random maps of the sizes the backbone gives (tested in test_vgg16_fcn.py)."""
    gen = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randn(n, c, *(-(-(s + 2 * pad - 2) // stride) + extra for s in size), generator=gen)
        for c, stride, extra in zip(channels, (8, 16, 32), (0, 0, 2 * fc6_pad - 6), strict=True)
    )


def loop_deconv(x, stride):
    """Bilinear deconvolution of (C, H, W), one input cell at a time, in float64."""
    k = 2 * stride
    ramp = np.array([1 - abs(i - stride + 0.5) / stride for i in range(k)])
    c, h, w = x.shape
    out = np.zeros((c, (h - 1) * stride + k, (w - 1) * stride + k))
    for i in range(h):
        for j in range(w):
            out[:, i * stride : i * stride + k, j * stride : j * stride + k] += x[
                :, i, j, None, None
            ] * np.outer(ramp, ramp)
    return out


def published(net, maps, size):
    """voc-fcn8s-atonce with its literal crops 5, 9 and 31."""

    def score(conv, x, scale=1.0):
        weight = conv.weight.detach().double().numpy()[:, :, 0, 0]
        bias = conv.bias.detach().double().numpy()
        return np.einsum('oc,chw->ohw', weight, x.double().numpy() * scale) + bias[:, None, None]

    def crop(x, offset, h, w):
        assert offset + h <= x.shape[1] and offset + w <= x.shape[2]
        return x[:, offset : offset + h, offset : offset + w]

    pool3, pool4, top = (m[0] for m in maps)
    s3, s4 = net.skip_scales
    up = loop_deconv(score(net.conv_seg, top), 2)
    up = loop_deconv(up + crop(score(net.score_pool4, pool4, s4), 5, *up.shape[1:]), 2)
    up = loop_deconv(up + crop(score(net.score_pool3, pool3, s3), 9, *up.shape[1:]), 8)
    return crop(up, 31, *size)


@pytest.mark.parametrize('size', [(5, 9), (40, 63), (64, 37)])
@pytest.mark.parametrize('scales', [(1.0, 1.0), (1e-4, 1e-2)])
def test_equals_loops(size, scales):
    net = head(skip_scales=scales)
    maps = features(size)
    with torch.no_grad():
        got = net.predict(maps, [dict(img_shape=size)], None)
    np.testing.assert_allclose(got[0].numpy(), published(net, maps, size), atol=2e-5)


def test_offsets_as_published():
    assert fcn8s_crop_offsets() == (5, 9, 31)
    assert fcn8s_crop_offsets(69) == (5, 9, 0)
    # Same-size variant: the familiar "padding 1, 1, 4" of PyTorch ports (4 = 3 + pad).
    assert fcn8s_crop_offsets(1, 3) == (-1, -1, 4)


@pytest.mark.parametrize('fc6_pad', [0, 1, 2, 3])
def test_min_pad_is_the_smallest(fc6_pad):
    smallest = vgg16_fcn_min_pad(fc6_pad)
    assert fcn8s_crop_offsets(smallest, fc6_pad)[2] >= 0
    with pytest.raises(ValueError, match=f'at least {smallest}'):
        fcn8s_crop_offsets(smallest - 1, fc6_pad)


@pytest.mark.parametrize(('pad', 'fc6_pad'), GEOMETRIES)
def test_logits_cover_every_image_size(pad, fc6_pad):
    net = head(pad=pad, fc6_pad=fc6_pad, channels=(1, 1, 1), classes=2)
    first = max(1, 32 * (6 - 2 * fc6_pad) + 3 - 2 * pad)
    for length in range(first, first + 70):
        with torch.no_grad():
            logits = net(features((length, length), (1, 1, 1), pad, fc6_pad))
        assert logits.shape[-1] == net._logits_length(length) >= length
        assert logits.shape[-1] <= length + pad + 32


@pytest.mark.parametrize(('pad', 'fc6_pad'), GEOMETRIES)
def test_each_cell_peaks_where_it_looks(pad, fc6_pad):
    """A single cell's response is centred on the centre of its receptive field."""
    size = 160
    net = head(pad=pad, fc6_pad=fc6_pad, channels=(1, 1, 1), classes=2)
    for index in range(3):
        maps = [torch.zeros_like(m) for m in features((size, size), (1, 1, 1), pad, fc6_pad)]
        zero = net(maps).detach()
        cell = {0: (pad + 80) // 8, 1: (pad + 80) // 16, 2: maps[2].shape[-1] // 2}[index]
        maps[index][..., cell, cell] = 1
        response = (net(maps).detach() - zero)[0, 0, :size, :size].double().abs()
        response = response.sum(0)
        centre = float((response * torch.arange(size)).sum() / response.sum())
        assert centre == pytest.approx(field_centre(index, cell, pad, fc6_pad), abs=1e-3)


def field_centre(index, cell, pad, fc6_pad):
    """Centre (px) of the input interval that cell sees, by following it down layer by layer."""
    layers = []
    for convs in (2, 2, 3, 3, 3)[: 3 + index]:
        layers += [(3, 1, 1)] * convs + [(2, 2, 0)]
    layers[0] = (3, 1, pad)
    if index == 2:
        layers += [(7, 1, fc6_pad), (1, 1, 0)]
    low = high = float(cell)
    for kernel, stride, border in reversed(layers):
        low = low * stride - border
        high = high * stride - border + kernel - 1
    return (low + high) / 2


def small_net(pad, fc6_pad, seed=0):
    torch.manual_seed(seed)
    net = VGG16FCN(pad=pad, fc6_pad=fc6_pad, base_channels=4, fc_channels=8).eval()
    net.init_weights()
    top = head(channels=net.out_channels, pad=pad, fc6_pad=fc6_pad).eval()
    return net, top


@pytest.mark.parametrize(('pad', 'fc6_pad'), [(100, 0), (1, 3)])
def test_shift_by_32_px(pad, fc6_pad):
    """Content 32 px further right gives logits 32 px further right.

    The content sits on zeros and conv biases are zero, so the whole map moves.
    """
    net, top = small_net(pad, fc6_pad)
    content = torch.randn(1, 3, 32, 32)
    size = (320, 448)
    outs = []
    for x0 in (160, 192):
        image = torch.zeros(1, 3, *size)
        image[..., 144:176, x0 : x0 + 32] = content
        with torch.no_grad():
            outs.append(top.predict(net(image), [dict(img_shape=size)], None))
    inner = slice(64, -96)
    torch.testing.assert_close(
        outs[1][..., 32:][..., inner], outs[0][..., :-32][..., inner], rtol=1e-4, atol=1e-5
    )
    assert outs[0].std() > 1e-3


def flip_difference(width, pad=100, fc6_pad=0):
    """Largest difference after flipping image and kernels and flipping the result back."""
    net, top = small_net(pad, fc6_pad)
    image = torch.randn(1, 3, width, width)
    meta = [dict(img_shape=(width, width))]
    with torch.no_grad():
        plain = top.predict(net(image), meta, None)
        for module in net.children():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_(module.weight.flip(-1))
        flipped = top.predict(net(image.flip(-1)), meta, None).flip(-1)
    return float((plain - flipped).abs().max() / plain.std())


def test_flip_symmetry():
    """Exact when the padded width is a multiple of 32, so that no pooling window is cut.

    Otherwise Caffe's rounding up adds a part window on the right only: a known asymmetry.
    """
    assert flip_difference(58) < 1e-4  # 58 + 198 = 256
    assert flip_difference(64, 1, 3) < 1e-4
    assert flip_difference(60) > 1e-2


@pytest.mark.parametrize('stride', [2, 8])
def test_fixed_upsampling_equals_loops(stride):
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    kernel = bilinear_kernel(stride).double()
    got = upsample_fixed(x, kernel, stride)
    for one, image in zip(got, x, strict=True):
        np.testing.assert_allclose(one.numpy(), loop_deconv(image.numpy(), stride), atol=1e-12)
    assert kernel.sum() == stride**2
    # away from the border a constant stays that constant
    flat = upsample_fixed(torch.ones_like(x), kernel, stride)[..., stride:-stride, stride:-stride]
    torch.testing.assert_close(flat, torch.ones_like(flat))


def test_full_size_parameter_count():
    """All of FCN8s with 21 classes, by hand."""
    with torch.device('meta'):
        backbone = VGG16FCN()
        net = FCN8sHead(num_classes=21, loss_decode=CE)
    count = {n: sum(p.numel() for p in m.parameters()) for n, m in net.named_children()}
    assert count['conv_seg'] == (4096 + 1) * 21 == 86_037
    assert count['score_pool4'] == (512 + 1) * 21 == 10_773
    assert count['score_pool3'] == (256 + 1) * 21 == 5_397
    total = sum(p.numel() for m in (backbone, net) for p in m.parameters())
    assert total == (14_714_688 + 102_764_544 + 16_781_312 + 86_037 + 10_773 + 5_397)
    assert total == 134_362_751
    assert set(net.state_dict()) == {
        f'{n}.{k}' for n in ('conv_seg', 'score_pool3', 'score_pool4') for k in ('weight', 'bias')
    }


def test_zero_init_and_other_init():
    net = head()
    net.init_weights()
    assert all(p.abs().max() == 0 for p in net.parameters())
    net = head(init_cfg=dict(type='Normal', std=0.5, layer='Conv2d'))
    net.init_weights()
    assert net.score_pool3.weight.std() > 0.1


def sample(label):
    data = SegDataSample()
    data.gt_sem_seg = PixelData(data=torch.as_tensor(label)[None])
    return data


def test_loss_is_cross_entropy_of_the_cropped_logits():
    size = (33, 40)
    net, maps = head(), features(size, n=2)
    label = np.random.default_rng(0).integers(0, 3, (2, *size))
    label[:, :4] = 255
    losses = net.loss(maps, [sample(x) for x in label], None)
    z = net(maps).detach().double().numpy()[..., :33, :40]
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    valid = label != 255
    picked = np.take_along_axis(log_p, np.where(valid, label, 0)[:, None], 1)[:, 0]
    assert float(losses['loss_ce']) == pytest.approx(-picked[valid].mean(), rel=1e-5)
    want = (z.argmax(1) == label)[valid].mean() * 100
    assert float(losses['acc_seg']) == pytest.approx(want, rel=1e-5)


def test_first_loss_of_zero_scores():
    net = head()
    net.init_weights()
    losses = net.loss(features((16, 16)), [sample(np.ones((16, 16), np.int64))], None)
    assert float(losses['loss_ce']) == pytest.approx(math.log(3), rel=1e-6)


def test_wrong_sizes_raise():
    net, maps = head(), features((64, 64))
    with pytest.raises(ValueError, match=r'gt_sem_seg of \(128, 128\)'):
        net.loss(maps, [sample(np.zeros((128, 128), np.int64))], None)
    with pytest.raises(ValueError, match='img_shape or pad_shape'):
        net.predict(maps, [dict(img_shape=(10, 64))], None)


@pytest.mark.parametrize(
    ('meta', 'want'),
    [
        (dict(img_shape=(60, 70)), (60, 70)),
        (dict(img_shape=(60, 70), pad_shape=(64, 80, 3)), (64, 80)),
        # slide: img_shape is the window, pad_shape the whole image
        (dict(img_shape=torch.Size((60, 70)), pad_shape=(500, 375)), (60, 70)),
        (dict(img_shape=torch.Size((60, 70)), pad_shape=(62, 72)), (60, 70)),
        # a padded batch: torch.Size, but of the image before padding
        (
            dict(img_shape=torch.Size((60, 70)), pad_shape=(62, 72), padding_size=(0, 2, 0, 2)),
            (62, 72),
        ),
        # labels absent when mmseg padded the batch
        (dict(img_shape=torch.Size((60, 70)), pad_shape=None), (60, 70)),
        # stale pad_shape of an earlier transform
        (dict(img_shape=(60, 70), pad_shape=(300, 300)), (60, 70)),
    ],
)
def test_predicted_size(meta, want):
    net = head()
    maps = features(want)
    logits = net.predict(maps, [meta], None)
    assert tuple(logits.shape[-2:]) == want
    assert torch.equal(logits, net(maps)[..., : want[0], : want[1]])


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        (dict(channels=(1, 2)), 'in_channels'),
        (dict(pad=68), 'at least 69'),
        (dict(fc6_pad=5), 'fc6_pad=5'),
        (dict(skip_scales=(1,)), 'skip_scales'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        head(**kwargs)


def test_channels_must_match():
    with pytest.raises(ValueError, match='channels=7'):
        FCN8sHead((4, 5, 6), 7, num_classes=3)


def test_gradcheck():
    net = head(channels=(1, 1, 1), classes=2, pad=1, fc6_pad=3).double()
    maps = [m.double().requires_grad_() for m in features((8, 8), (1, 1, 1), 1, 3)]
    assert torch.autograd.gradcheck(lambda *m: net(m), maps)


def build_from_config(**head_options):
    cfg = Config.fromfile(ROOT / 'configs/_base_/models/fcn8s_vgg16.py')
    cfg.model.data_preprocessor = None
    cfg.model.backbone.update(base_channels=4, fc_channels=8, pad=1, fc6_pad=3)
    cfg.model.decode_head.update(in_channels=(16, 32, 8), pad=1, fc6_pad=3, **head_options)
    cfg.model._scope_ = 'mmseg'
    model = MODELS.build(cfg.model)
    model.init_weights()
    return model


def test_config_trains_and_slides():
    torch.manual_seed(0)
    model = build_from_config()
    image = torch.randn(1, 3, 40, 56)
    label = (image[0, 0] > 0).long().numpy()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    losses = []
    for _ in range(6):
        loss = model.loss(image, [sample(label)])['decode.loss_ce']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[0] == pytest.approx(math.log(21), rel=1e-5)
    assert losses[-1] < losses[0]

    model.eval()
    meta = dict(ori_shape=(40, 56), img_shape=(40, 56))
    with torch.no_grad():
        whole = model.predict(image, [SegDataSample(metainfo=meta)])[0]
        model.test_cfg = Config(dict(mode='slide', crop_size=(32, 32), stride=(16, 16)))
        slid = model.predict(image, [SegDataSample(metainfo=meta)])[0]
    assert whole.seg_logits.data.shape == slid.seg_logits.data.shape == (21, 40, 56)


def test_literal_sum_mode():
    """mmseg's own loss, reduction='sum': Caffe's normalize: False, ignored pixels left out."""
    model = build_from_config(
        loss_decode=dict(type='CrossEntropyLoss', reduction='sum', avg_non_ignore=False)
    )
    label = np.ones((24, 24), np.int64)
    label[:12] = 255
    loss = model.loss(torch.randn(1, 3, 24, 24), [sample(label)])['decode.loss_ce']
    assert float(loss) == pytest.approx(12 * 24 * math.log(21), rel=1e-5)
