"""The cross-entropy of a frozen segmentor on restored images."""

import copy

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmdegrade.models.losses import mean_cross_entropy
from tests.tiny import fcn_r18, save_clean

IMAGES = torch.rand((2, 3, 32, 32), generator=torch.Generator().manual_seed(0))


def samples(n=2, size=(32, 32), classes=11):
    labels = torch.randint(0, classes, (n, 1, *size), generator=torch.Generator().manual_seed(1))
    labels[:, :, :2] = 255
    return [SegDataSample(gt_sem_seg=PixelData(data=one)) for one in labels]


@pytest.fixture()
def clean(tmp_path):
    return save_clean(fcn_r18(), tmp_path / 'clean.pth')


@pytest.fixture()
def loss(clean):
    made = ROOT_MODELS.build(dict(type='SegmentationLoss', segmentor=fcn_r18(), checkpoint=clean))
    made.init_weights()
    return made


def test_mean_cross_entropy_is_the_formula():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 4, 3, 5)), rng.integers(0, 4, (2, 3, 5))
    labels[0, 0] = 9
    total, count = 0.0, 0
    for n, y, x in np.ndindex(2, 3, 5):
        if labels[n, y, x] != 9:
            z = logits[n, :, y, x]
            total -= z[labels[n, y, x]] - np.log(np.exp(z).sum())
            count += 1
    value = mean_cross_entropy(torch.tensor(logits), torch.tensor(labels), ignore_index=9)
    assert count == 25 and value.item() == pytest.approx(total / count)


def test_all_ignored_is_zero_not_nan():
    logits = torch.randn(1, 4, 3, 3, requires_grad=True)
    value = mean_cross_entropy(logits, torch.full((1, 3, 3), 255))
    value.backward()
    assert value.item() == 0 and logits.grad.abs().sum() == 0


def test_value_is_that_of_the_plain_segmentor(loss, clean):
    """RGB on [0, 1] is normalised as the segmentor's own preprocessor does it."""
    plain = MODELS.build(fcn_r18())
    plain.load_state_dict(torch.load(clean, weights_only=True)['state_dict'])
    plain.train(False)
    bgr = list(IMAGES.flip(1) * 255)
    inputs = plain.data_preprocessor(dict(inputs=bgr))['inputs']
    logits = plain.encode_decode(inputs, [dict(img_shape=(32, 32))] * 2)
    labels = torch.cat([sample.gt_sem_seg.data for sample in samples()])
    expected = nn.functional.cross_entropy(logits, labels, ignore_index=255)
    assert loss(IMAGES, IMAGES, samples()).item() == pytest.approx(expected.item(), rel=1e-4)
    loss.loss_weight = 0.02
    weighted = loss(IMAGES, IMAGES, samples())
    assert weighted.item() == pytest.approx(0.02 * expected.item(), rel=1e-4)


def test_gradients(loss):
    loss = loss.double()
    image = IMAGES[:1, :, :16, :16].double().requires_grad_()
    given = samples(1, (16, 16))
    assert torch.autograd.gradcheck(
        lambda x: loss(x, x.detach(), given), image, fast_mode=True, eps=1e-7, atol=1e-5
    )


def test_the_segmentor_never_changes(loss):
    model = nn.ModuleDict(dict(network=nn.Conv2d(3, 3, 1), loss=loss)).train()
    before = copy.deepcopy(dict(loss.segmentor.model.state_dict()))
    assert before and not any(module.training for module in loss.segmentor.modules())
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    for _ in range(2):
        value = model['loss'](model['network'](IMAGES), IMAGES, samples())
        value.backward()
        assert model['network'].weight.grad.abs().sum() > 0
        optimizer.step()
    after = loss.segmentor.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert {name.partition('.')[0] for name in model.state_dict()} == {'network'}
    assert not model.load_state_dict(model.state_dict()).missing_keys


def test_labels_of_padded_images_and_what_is_missing(loss):
    with pytest.raises(ValueError, match='SegmentationLoss needs the labels of every image'):
        loss(IMAGES, IMAGES, [SegDataSample()] * 2)
    with pytest.raises(ValueError, match='labels of 16x16, the network sees 32x32'):
        loss(IMAGES, IMAGES, samples(2, (16, 16)))
    with pytest.raises(ValueError, match='gt_sem_seg holds label 11; allowed: 0 to 10'):
        wrong = samples()
        wrong[1].gt_sem_seg.data[0, 20, 20] = 11
        loss(IMAGES, IMAGES, wrong)
    with pytest.raises(ValueError, match='SegmentationLoss: restored images'):
        loss(IMAGES, IMAGES[:1], samples())
    with pytest.raises(ValueError, match='mean_cross_entropy: labels'):
        mean_cross_entropy(torch.zeros(1, 2, 3, 3), torch.zeros(1, 3, 4))


def test_wrong_configs(clean):
    with pytest.raises(ValueError, match='loss_weight=0 does nothing'):
        ROOT_MODELS.build(
            dict(type='SegmentationLoss', segmentor=fcn_r18(), checkpoint=clean, loss_weight=0)
        )
    none = ROOT_MODELS.build(
        dict(type='SegmentationLoss', segmentor=fcn_r18(), checkpoint='work_dirs/fcn/none.pth')
    )
    with pytest.raises(FileNotFoundError, match='SegmentationLoss.checkpoint=.*train.py configs'):
        none.init_weights()
