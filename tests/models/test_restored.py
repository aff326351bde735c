"""Restored images leave without padding."""

import torch
from mmseg.structures import SegDataSample

from mmdegrade.models.restored import attach_restored, without_padding


def test_padding_is_cut_off():
    images = torch.arange(2 * 3 * 6 * 8.0).reshape(2, 3, 6, 8)
    samples = [
        SegDataSample(metainfo=dict(img_padding_size=(1, 2, 0, 3), padding_size=(9, 9, 9, 9))),
        SegDataSample(metainfo=dict(padding_size=(0, 0, 2, 0))),
    ]
    out = attach_restored(samples, images)
    assert out[0] is samples[0]
    assert torch.equal(out[0].restored_img.data, images[0, :, 0:3, 1:6])
    assert torch.equal(out[1].restored_img.data, images[1, :, 2:])


def test_without_samples():
    images = torch.rand(2, 3, 4, 4)
    out = attach_restored(None, images)
    assert [torch.equal(o.restored_img.data, i) for o, i in zip(out, images, strict=True)] == [
        True,
        True,
    ]
    assert torch.equal(without_padding(images[0], SegDataSample()), images[0])
