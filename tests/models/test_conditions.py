"""What conditional restorers are told: labels, noise levels, images, class scores."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmdegrade.models.conditions import FROM_LOGITS, Condition, noise_level, onehot_labels

IMAGES = torch.rand(2, 3, 4, 5)


def records(*levels):
    """A sample whose image went through these, (kind, sigma) each."""
    listed = [dict(kind=kind, params={} if s is None else dict(sigma=s)) for kind, s in levels]
    return SegDataSample(metainfo=dict(img_path='a.png', degradations=listed))


def labelled(*labels, **meta):
    return [
        SegDataSample(gt_sem_seg=PixelData(data=torch.as_tensor(one)[None]), metainfo=meta)
        for one in labels
    ]


def test_noise_level_from_the_record():
    samples = [records(('awgn', 25.0)), records(('clean', None))]
    level = noise_level(IMAGES, samples)
    assert level.shape == (2, 1, 1, 1) and level.dtype == IMAGES.dtype
    assert level.flatten().tolist() == pytest.approx([25 / 255, 0])
    # Independent noise adds up by its squares; what came before it does not matter.
    samples = [records(('awgn', 30.0), ('awgn', 40.0)), records(('haze', None), ('awgn', 51.0))]
    assert noise_level(IMAGES, samples).flatten().tolist() == pytest.approx([50 / 255, 0.2])


def test_noise_level_that_is_known():
    level = noise_level(IMAGES.double(), None, sigma=51)
    assert level.dtype == torch.float64 and level.flatten().tolist() == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize(
    ('sample', 'words'),
    [
        (SegDataSample(metainfo=dict(img_path='a.png')), 'a.png has no record.*sigma=25'),
        (records(('poisson', None)), 'went through poisson; only awgn has one σ'),
        (records(('awgn', 10.0), ('gblur', 2.0)), 'went through awgn, gblur'),
    ],
)
def test_noise_level_that_is_not_known(sample, words):
    with pytest.raises(ValueError, match=words):
        noise_level(IMAGES[:1], [sample])


def test_onehot_labels():
    labels = np.array([[0, 1, 2, 255, 0], *[[2, 2, 2, 1, 255]] * 3])
    other = np.zeros_like(labels)
    out = onehot_labels(IMAGES, labelled(labels, other), 3)
    expected = np.zeros((2, 3, 4, 5))
    for y, x in np.ndindex(4, 5):
        if labels[y, x] != 255:
            expected[0, labels[y, x], y, x] = 1
    expected[1, 0] = 1
    assert np.array_equal(out.numpy(), expected) and out.dtype == IMAGES.dtype
    assert out[0].sum(0)[0, 3] == 0  # ignored: all zeros


def test_onehot_labels_of_a_padded_test_image():
    labels = np.ones((3, 4), int)
    out = onehot_labels(IMAGES[:1], labelled(labels, img_padding_size=(0, 1, 0, 1)), 2)
    assert out[0, 1].tolist() == [[1, 1, 1, 1, 0]] * 3 + [[0] * 5] and out[0, 0].sum() == 0


def test_onehot_labels_errors():
    with pytest.raises(ValueError, match="condition='onehot-gt' needs the labels.*LoadMask"):
        onehot_labels(IMAGES, [SegDataSample(), SegDataSample()], 3)
    with pytest.raises(ValueError, match='needs the labels'):
        onehot_labels(IMAGES, None, 3)
    with pytest.raises(ValueError, match='gt_sem_seg holds label 7; allowed: 0 to 2 and ignore'):
        onehot_labels(IMAGES[:1], labelled(np.full((4, 5), 7)), 3)
    with pytest.raises(ValueError, match='labels of 8x10, the network sees 4x5'):
        onehot_labels(IMAGES[:1], labelled(np.zeros((8, 10), int)), 3)


def test_by_name():
    logits = torch.randn(2, 4, 4, 5)
    samples = [records(('awgn', 51.0))] * 2
    assert Condition(None)(IMAGES, samples) is None
    assert Condition('image')(IMAGES) is IMAGES
    assert Condition('noise_level')(IMAGES, samples).mean() == pytest.approx(0.2)
    assert Condition(dict(name='noise_level', sigma=0))(IMAGES).sum() == 0
    chosen = Condition(dict(name='onehot-gt', ignore_index=1), num_classes=2)
    assert chosen(IMAGES[:1], labelled(np.ones((4, 5), int))).sum() == 0
    assert Condition('logits', allowed=FROM_LOGITS)(IMAGES, None, logits) is logits
    softmax = Condition('softmax', allowed=FROM_LOGITS)(IMAGES, None, logits)
    e = np.exp(logits.numpy())
    assert np.allclose(softmax.numpy(), e / e.sum(1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize(
    ('condition', 'kwargs', 'words'),
    [
        ('labels', {}, "model.condition='labels'; allowed: None, 'image', 'noise_level'"),
        ('logits', {}, "model.condition='logits'; allowed"),
        (dict(sigma=3), {}, 'allowed: None'),
        (dict(name='image', sigma=3), {}, "options of 'image': none"),
        (dict(name='noise_level', level=3), {}, "options of 'noise_level': sigma"),
        ('onehot-gt', {}, 'set model.num_classes'),
        ('image', dict(allowed=FROM_LOGITS), "allowed: None, 'logits', 'softmax'"),
    ],
)
def test_wrong_configs(condition, kwargs, words):
    with pytest.raises(ValueError, match=words):
        Condition(condition, **kwargs)


def test_condition_and_restorer_must_agree():
    plain, conditional = SimpleNamespace(conditional=False), SimpleNamespace(conditional=True)
    Condition(None).check(plain)
    Condition('image').check(conditional)
    with pytest.raises(ValueError, match='model.condition is not set, and .* needs a condition'):
        Condition(None).check(conditional)
    with pytest.raises(ValueError, match="model.condition='image', but .* would ignore it"):
        Condition('image').check(plain)
    with pytest.raises(ValueError, match="condition='softmax' needs the class scores"):
        Condition('softmax', allowed=FROM_LOGITS)(IMAGES)
