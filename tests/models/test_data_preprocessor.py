"""DegradeDataPreprocessor: the stock one, and the clean image treated alike."""

import copy
import warnings

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.structures import SegDataSample

from mmdegrade.models.data_preprocessor import DegradeDataPreprocessor, stack_clean

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
SETTINGS = dict(mean=MEAN, std=STD, bgr_to_rgb=True, pad_val=3, seg_pad_val=255)


def data(sizes=((10, 14), (12, 9)), clean=True, dtype=np.uint8, records=()) -> dict:
    rng = np.random.default_rng(0)
    inputs, samples = [], []
    for height, width in sizes:
        image = rng.uniform(0, 255, (3, height, width)).astype(dtype)
        inputs.append(torch.from_numpy(image))
        mask = torch.from_numpy(rng.integers(0, 5, (1, height, width)))
        sample = SegDataSample(
            metainfo=dict(img_shape=(height, width), degradations=list(records)),
            gt_sem_seg=PixelData(data=mask),
        )
        if clean:
            other = rng.integers(0, 256, (3, height, width), np.uint8)
            sample.clean_img = PixelData(data=torch.from_numpy(other))
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)


def prepared(images, size) -> np.ndarray:
    """Independent: BGR → RGB, mean and std, padding at the bottom and right."""
    out = np.full((len(images), 3, *size), 3.0)
    for place, image in zip(out, images, strict=True):
        image = image.numpy().astype(np.float64)
        for channel in range(3):
            values = (image[2 - channel] - MEAN[channel]) / STD[channel]
            place[channel, : image.shape[1], : image.shape[2]] = values
    return out


@pytest.mark.parametrize('extra, size', [
    (dict(size_divisor=8), (16, 16)),
    (dict(size_divisor=1), (12, 14)),
    (dict(size=(20, 15)), (20, 15)),
    (dict(), (12, 14)),
])  # fmt: skip
def test_training(extra, size):
    given = data()
    images, cleans = given['inputs'], [s.clean_img.data for s in given['data_samples']]
    masks = [s.gt_sem_seg.data.numpy() for s in given['data_samples']]
    out = DegradeDataPreprocessor(**SETTINGS, **extra)(given, training=True)
    np.testing.assert_allclose(out['inputs'], prepared(images, size), rtol=1e-5, atol=1e-6)
    clean = stack_clean(out['data_samples'])
    assert clean.dtype == torch.float32
    np.testing.assert_allclose(clean, prepared(cleans, size), rtol=1e-5, atol=1e-6)
    for sample, mask in zip(out['data_samples'], masks, strict=True):
        padded = sample.gt_sem_seg.data.numpy()
        height, width = mask.shape[-2:]
        assert padded.shape == (1, *size)
        assert np.array_equal(padded[:, :height, :width], mask)
        assert (padded[:, height:] == 255).all() and (padded[:, :, width:] == 255).all()
        assert sample.metainfo['img_shape'] == (height, width)


@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('clean', [True, False])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_all_else_equals_the_stock_preprocessor(training, clean, dtype):
    settings = dict(SETTINGS, size_divisor=8, test_cfg=dict(size_divisor=16))
    given = data(sizes=((10, 14), (10, 14)), clean=clean, dtype=dtype)
    stock = SegDataPreProcessor(**settings)(copy.deepcopy(given), training)
    ours = DegradeDataPreprocessor(**settings)(given, training)
    assert torch.equal(ours['inputs'], stock['inputs'])
    for mine, theirs in zip(ours['data_samples'], stock['data_samples'], strict=True):
        assert torch.equal(mine.gt_sem_seg.data, theirs.gt_sem_seg.data)
        assert mine.metainfo == theirs.metainfo
        assert ('clean_img' in mine) == clean


def test_test_mode_pads_both_as_test_cfg_says():
    given = data(sizes=((10, 14),) * 2)
    images, cleans = given['inputs'], [s.clean_img.data for s in given['data_samples']]
    model = DegradeDataPreprocessor(**SETTINGS, size_divisor=8, test_cfg=dict(size_divisor=32))
    out = model(given, training=False)
    np.testing.assert_allclose(out['inputs'], prepared(images, (32, 32)), rtol=1e-5, atol=1e-6)
    clean = stack_clean(out['data_samples'])
    np.testing.assert_allclose(clean, prepared(cleans, (32, 32)), rtol=1e-5, atol=1e-6)
    bare = DegradeDataPreprocessor(**SETTINGS)(dict(inputs=images), training=False)
    np.testing.assert_allclose(bare['inputs'], prepared(images, (10, 14)), rtol=1e-5, atol=1e-6)
    assert bare['data_samples'] is None


def record(kind, draw=None) -> dict:
    return dict(kind=kind, degree=1, params={}, seed=0, draw=draw)


def warned(model, *records) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        model(data(records=records), training=True)
    return any('KeyedSampler' in str(w.message) for w in caught)


def test_frozen_noise_is_warned_about_once():
    model = DegradeDataPreprocessor(**SETTINGS)
    assert not warned(model, record('saltpepper', draw=0))
    assert not warned(model, record('gblur')) and not warned(model)
    assert warned(model, record('gblur', draw=3), record('saltpepper'))
    assert not warned(model, record('saltpepper'))


def test_a_frozen_mixture_is_warned_about_and_clean_training_is_not():
    model = DegradeDataPreprocessor(**SETTINGS)
    assert not warned(model, record('clean')) and not warned(model, record('clean'))
    assert warned(model, record('gblur'))
    assert not warned(model, record('clean'))


def test_validation_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        given = data(sizes=((8, 8),), records=[record('saltpepper')])
        DegradeDataPreprocessor(**SETTINGS)(given, training=False)


def test_errors():
    model = DegradeDataPreprocessor(**SETTINGS)
    mixed = data()
    del mixed['data_samples'][1].clean_img
    with pytest.raises(ValueError, match='1 of 2 samples have a clean image.*keep_clean'):
        model(mixed, training=True)
    with pytest.raises(ValueError, match="source_input='clean'.*keep_clean=True.*DegradeDataPre"):
        stack_clean(data(clean=False)['data_samples'])
    mixing = DegradeDataPreprocessor(**SETTINGS, batch_augments=lambda x, y: (x, y))
    with pytest.raises(ValueError, match='batch_augments would mix'):
        mixing(data(), training=True)
    mixing(data(clean=False), training=True)
