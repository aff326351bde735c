"""Degradations on the device: the pipeline's pixels, or its law where numbers are drawn."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmdegrade.datasets import KeyedIndex
from mmdegrade.datasets.transforms import Degrade, PackDegradeInputs, RandomDegrade
from mmdegrade.degradations import KINDS
from mmdegrade.models import DegradeDataPreprocessor
from mmdegrade.models.device_degradations import DEVICE_KINDS

RNG = np.random.default_rng(0)
NOISE = ('awgn', 'speckle', 'poisson', 'saltpepper', 'pepper', 'impulse')
EXACT = [kind for kind in DEVICE_KINDS if kind not in NOISE]


def picture(shape=(96, 80)) -> np.ndarray:
    blocks = RNG.integers(20, 230, (shape[0] // 8, shape[1] // 8, 3)).repeat(8, 0).repeat(8, 1)
    return np.clip(blocks + RNG.normal(0, 12, (*shape, 3)), 0, 255).astype(np.uint8)


def packed(transform, img, draw=7) -> dict:
    results = dict(img=img.copy(), img_path='/d/train/a.png', sample_idx=KeyedIndex(0, draw))
    results |= dict(img_shape=img.shape[:2], ori_shape=img.shape[:2])
    return PackDegradeInputs(meta_keys=('img_path', 'degradations'))(transform(results))


def on_device(transform, *images) -> tuple[np.ndarray, list]:
    """N×H×W×3 on 0-255 as the network would see it, and the samples."""
    items = [packed(transform, img, draw) for draw, img in enumerate(images)]
    data = dict(
        inputs=[item['inputs'] for item in items],
        data_samples=[item['data_samples'] for item in items],
    )
    out = DegradeDataPreprocessor()(data, training=False)
    return out['inputs'].permute(0, 2, 3, 1).numpy(), out['data_samples']


@pytest.mark.parametrize('kind', EXACT)
@pytest.mark.parametrize('degree', [1, 5])
@pytest.mark.parametrize('shape', [(96, 80), (8, 16)])
def test_deterministic_kinds_agree_within_one_grey_level(kind, degree, shape):
    img = picture(shape)
    results = dict(img=img.copy(), img_path='/d/train/a.png', sample_idx=KeyedIndex(0, 0))
    expected = Degrade(kind, degree)(results)['img'].astype(float)
    got, (sample,) = on_device(Degrade(kind, degree, on_device=True), img)
    assert np.abs(got[0] - expected).max() <= 1
    if kind != 'brightness':  # a shift of 25.5 ends half-way between two levels everywhere
        assert np.abs(got[0] - expected).mean() < 0.05
    (record,) = sample.metainfo['degradations']
    assert record['kind'] == kind and 'device_seed' not in record


@pytest.mark.parametrize('kind', NOISE)
@pytest.mark.parametrize('degree', [1, 4])
def test_noise_follows_the_law_of_the_pipeline(kind, degree):
    img = np.full((256, 256, 3), 90, np.uint8)
    expected = Degrade(kind, degree)(dict(img=img.copy()))['img'].astype(float)
    got = on_device(Degrade(kind, degree, on_device=True), img)[0][0].astype(float)
    assert got.mean() == pytest.approx(expected.mean(), abs=0.6)
    assert got.std() == pytest.approx(expected.std(), rel=0.03)
    between = [np.corrcoef(x[..., 0].ravel(), x[..., 1].ravel())[0, 1] for x in (got, expected)]
    assert between[0] == pytest.approx(between[1], abs=0.02)  # pepper hits all channels at once


def test_angles_and_levels_are_those_of_the_pipeline():
    img = picture()
    expected = [
        Degrade('mblur', 5, angle='random')(
            dict(img=img.copy(), img_path='/d/train/a.png', sample_idx=KeyedIndex(0, draw))
        )
        for draw in range(3)
    ]
    got, samples = on_device(Degrade('mblur', 5, angle='random', on_device=True), img, img, img)
    for one, image, sample in zip(expected, got, samples, strict=True):
        assert sample.metainfo['degradations'][0]['params'] == one['degradations'][0]['params']
        assert np.abs(image - one['img'].astype(float)).max() <= 1


def test_each_sample_has_its_own_seed_and_keeps_it():
    img = np.full((32, 32, 3), 90, np.uint8)
    transform = Degrade('awgn', sigma=25, on_device=True)
    first, again = (on_device(transform, img, img)[0] for _ in range(2))
    assert np.array_equal(first, again) and not np.array_equal(first[0], first[1])
    assert np.array_equal(on_device(transform, img)[0][0], first[0])  # whatever the batch


def test_unclipped_noise_stays_float_and_goes_beyond():
    white = np.full((64, 64, 3), 250, np.uint8)
    got = on_device(Degrade('awgn', sigma=25, clip=False, on_device=True), white)[0]
    assert got.max() > 300 and np.any(got != np.rint(got))


def test_float_images_are_degraded_as_in_the_pipeline():
    img = picture().astype(np.float32) + 0.25
    expected = Degrade('gblur', 3)(dict(img=img.copy()))['img']
    got = on_device(Degrade('gblur', 3, on_device=True), img)[0]
    assert np.abs(got[0] - expected).max() < 1e-2


def test_the_clean_image_stays_clean():
    img = picture()
    item = packed(Degrade('gblur', 5, keep_clean=True, on_device=True), img)
    data = dict(inputs=[item['inputs']], data_samples=[item['data_samples']])
    out = DegradeDataPreprocessor(mean=[10, 20, 30], std=[2, 2, 2])(data, training=False)
    clean = out['data_samples'][0].clean_img.data.permute(1, 2, 0).numpy() * 2 + (10, 20, 30)
    assert np.allclose(clean, img) and not torch.equal(
        out['inputs'][0], out['data_samples'][0].clean_img.data
    )


def test_chains_go_in_order():
    chain = [dict(kind='gblur', degree=2), dict(kind='haze', degree=1)]
    img = picture()
    expected = RandomDegrade([dict(chain=chain)])(dict(img=img.copy()))['img'].astype(float)
    got = on_device(RandomDegrade([dict(chain=chain)], on_device=True), img)[0][0]
    assert np.abs(got - expected).max() <= 1.5  # rounded twice


def test_a_kind_without_device_version_is_named():
    kind = next(kind for kind in KINDS if kind not in DEVICE_KINDS)
    with pytest.raises(ValueError, match=f'kind {kind!r} has no device version; allowed: gblur'):
        on_device(Degrade(kind, 1, on_device=True), picture())


def test_a_depth_map_does_not_travel():
    results = dict(img=picture(), depth=np.ones((96, 80), np.float32), seg_fields=['depth'])
    with pytest.raises(ValueError, match='a depth map does not travel to the device'):
        Degrade('haze', 1, on_device=True)(results)


def test_samples_without_pending_degradations_pass_untouched():
    img = torch.randint(256, (3, 8, 8), dtype=torch.uint8)
    sample = SegDataSample(gt_sem_seg=PixelData(data=torch.zeros(1, 8, 8)))
    out = DegradeDataPreprocessor()(dict(inputs=[img], data_samples=[sample]), training=False)
    assert torch.equal(out['inputs'][0], img.float())
