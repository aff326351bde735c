"""StackPair → stock geometry → SplitPair: degraded image, clean image and mask stay aligned.

The pixels of the test image are their own coordinates, and the mask is made from coordinates.
Rotations are compared among six-channel images: OpenCV interpolates three channels on another
path, a few grey levels away.
"""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import TRANSFORMS

from mmdegrade.datasets.transforms import Degrade, PackDegradeInputs, SplitPair, StackPair

SIDE, STEP, BLOCK = 60, 4, 12
Y, X = np.mgrid[:SIDE, :SIDE]
COORDINATES = np.stack([Y * STEP, X * STEP, (Y + X) * STEP // 2], axis=2).astype(np.uint8)
MASK = (Y // BLOCK * 10 + X // BLOCK).astype(np.uint8)

GEOMETRY = {
    'resize': [dict(type='Resize', scale=(90, 75), keep_ratio=False)],
    'random_resize': [
        dict(type='RandomResize', scale=(60, 60), ratio_range=(1.2, 2.0), keep_ratio=True)
    ],
    'crop': [dict(type='RandomCrop', crop_size=(41, 33))],
    'flip': [dict(type='RandomFlip', prob=1.0)],
    'flip_vertical': [dict(type='RandomFlip', prob=1.0, direction='vertical')],
    'rotate': [dict(type='RandomRotate', prob=1.0, degree=30)],
    'all': [
        dict(type='RandomResize', scale=(60, 60), ratio_range=(1.2, 2.0), keep_ratio=True),
        dict(type='RandomRotate', prob=1.0, degree=30),
        dict(type='RandomCrop', crop_size=(50, 48)),
        dict(type='RandomFlip', prob=0.5),
    ],
}


def start(img=COORDINATES) -> dict:
    return dict(
        img=img.copy(),
        img_path='train/a.png',
        img_shape=img.shape[:2],
        ori_shape=img.shape[:2],
        gt_seg_map=MASK.copy(),
        seg_fields=['gt_seg_map'],
    )


def flow(results: dict, geometry, seed: int = 0) -> dict:
    np.random.seed(seed)
    results = StackPair()(results)
    for cfg in geometry:
        results = TRANSFORMS.build(cfg)(results)
    return SplitPair()(results)


def check_against_mask(img: np.ndarray, mask: np.ndarray) -> None:
    """The coordinates in the pixels must lie in the block that the mask says."""
    y, x = (img[..., c].astype(float) / STEP for c in (0, 1))
    # Bilinear and nearest sampling differ by up to a pixel, and rotation blends in its fill.
    sure = (np.abs((y + 1) % BLOCK - 1) > 1.5) & (np.abs((x + 1) % BLOCK - 1) > 1.5)
    sure &= (np.abs(y % BLOCK - BLOCK) > 2) & (np.abs(x % BLOCK - BLOCK) > 2)
    filled = np.pad(mask == 255, 2)
    for dy in range(5):
        for dx in range(5):
            sure &= ~filled[dy : dy + mask.shape[0], dx : dx + mask.shape[1]]
    assert sure.mean() > 0.25
    expected = y // BLOCK * 10 + x // BLOCK
    np.testing.assert_array_equal(mask[sure], expected[sure])


@pytest.mark.parametrize('name', GEOMETRY)
@pytest.mark.parametrize('seed', [0, 1])
def test_image_clean_image_and_mask_stay_aligned(name, seed):
    given = Degrade('gblur', sigma=0, keep_clean=True)(start())  # an identity
    out = flow(given, GEOMETRY[name], seed)
    assert out['img'].dtype == out['clean_img'].dtype == np.uint8
    assert out['img'].shape == (*out['gt_seg_map'].shape, 3) == out['clean_img'].shape
    np.testing.assert_array_equal(out['img'], out['clean_img'])
    assert name == 'resize' or not np.array_equal(out['img'], COORDINATES)
    check_against_mask(out['clean_img'], out['gt_seg_map'])
    assert 'pair_dtypes' not in out


def test_the_check_itself_notices_a_shift():
    out = flow(Degrade('clean', keep_clean=True)(start()), GEOMETRY['flip'])
    with pytest.raises(AssertionError):
        check_against_mask(out['img'][:, ::-1], out['gt_seg_map'])
    with pytest.raises(AssertionError):
        check_against_mask(np.roll(out['img'], 5, axis=0), out['gt_seg_map'])


@pytest.mark.parametrize('name', GEOMETRY)
def test_each_half_goes_its_own_way(name):
    given = Degrade('gblur', 3, keep_clean=True)(start())
    blurred = given['img'].copy()
    assert not np.array_equal(blurred, COORDINATES)
    out = flow(given, GEOMETRY[name])
    clean = flow(dict(start(), clean_img=COORDINATES), GEOMETRY[name])
    alone = flow(dict(start(blurred), clean_img=blurred), GEOMETRY[name])
    np.testing.assert_array_equal(out['clean_img'], clean['img'])
    np.testing.assert_array_equal(out['img'], alone['img'])
    np.testing.assert_array_equal(out['gt_seg_map'], clean['gt_seg_map'])


def test_stacking_and_splitting_is_exact_and_restores_dtypes():
    noisy = COORDINATES.astype(np.float32) - np.float32(17.3)  # below zero, too
    for img, clean in [
        (COORDINATES, COORDINATES[::-1].copy()),
        (noisy, COORDINATES),
        (COORDINATES, noisy),
        (noisy, noisy * 2),
    ]:
        stacked = StackPair()(dict(img=img.copy(), clean_img=clean.copy()))
        assert stacked['img'].shape == (SIDE, SIDE, 6) and 'clean_img' not in stacked
        out = SplitPair()(stacked)
        for name, expected in (('img', img), ('clean_img', clean)):
            assert out[name].dtype == expected.dtype and out[name].flags.c_contiguous
            np.testing.assert_array_equal(out[name], expected)


def test_a_uint8_image_that_travelled_as_float_is_rounded_and_clipped():
    stacked = StackPair()(dict(img=np.zeros((1, 3, 3), np.float32), clean_img=np.zeros(
        (1, 3, 3), np.uint8
    )))  # fmt: skip
    stacked['img'][..., 3:] = np.array([-3.0, 1.7, 300.0], np.float32)[:, None]
    stacked['img'][..., :3] = np.array([-3.0, 1.7, 300.0], np.float32)[:, None]
    out = SplitPair()(stacked)
    assert out['clean_img'][0, :, 0].tolist() == [0, 2, 255]
    np.testing.assert_allclose(out['img'][0, :, 0], [-3.0, 1.7, 300.0], rtol=1e-6)


def test_unclipped_noise_survives_the_geometry():
    given = Degrade('awgn', sigma=50, clip=False, keep_clean=True)(start())
    assert given['img'].min() < 0
    expected, clean = given['img'][:, ::-1].copy(), COORDINATES[:, ::-1]
    out = flow(given, GEOMETRY['flip'])
    assert out['img'].dtype == np.float32 and out['clean_img'].dtype == np.uint8
    np.testing.assert_array_equal(out['img'], expected)
    np.testing.assert_array_equal(out['clean_img'], clean)


def test_errors():
    with pytest.raises(ValueError, match=r'StackPair: no clean image; set Degrade\(keep_clean'):
        StackPair()(start())
    with pytest.raises(ValueError, match=r'clean_img differ.*60x60.*60x59'):
        StackPair()(dict(start(), clean_img=COORDINATES[:, 1:]))
    with pytest.raises(ValueError, match=r'shape \(60, 60, 3\).*6 channels'):
        SplitPair()(start())
    stacked = StackPair()(dict(start(), clean_img=COORDINATES))
    for changed in (stacked['img'][..., :3], stacked['img'][..., 0]):
        with pytest.raises(ValueError, match='6 channels'):
            SplitPair()(dict(stacked, img=changed))


def packed(**extra) -> dict:
    given = Degrade('gblur', 3, keep_clean=True)(start())
    given.update(scale_factor=(1.0, 1.0), flip=True, flip_direction='horizontal', **extra)
    return PackDegradeInputs()(flow(given, GEOMETRY['crop']))


def test_packing():
    given = Degrade('gblur', 3, keep_clean=True)(start())
    cropped = flow(given, GEOMETRY['crop'])
    out = PackDegradeInputs()(dict(cropped))
    inputs, sample = out['inputs'], out['data_samples']
    assert inputs.dtype == torch.uint8 and inputs.shape == (3, 41, 33) and inputs.is_contiguous()
    assert np.array_equal(inputs.permute(1, 2, 0).numpy(), cropped['img'])
    assert isinstance(sample.clean_img, PixelData)
    clean = sample.clean_img.data
    assert clean.dtype == torch.uint8 and clean.shape == (3, 41, 33) and clean.is_contiguous()
    assert np.array_equal(clean.permute(1, 2, 0).numpy(), cropped['clean_img'])
    mask = sample.gt_sem_seg.data
    assert mask.dtype == torch.int64 and mask.shape == (1, 41, 33)
    assert np.array_equal(mask[0].numpy(), cropped['gt_seg_map'])


def test_packed_meta():
    meta = packed(secret=1)['data_samples'].metainfo
    assert set(meta) == {
        'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'flip', 'flip_direction',
        'degradations',
    }  # fmt: skip
    assert meta['ori_shape'] == (60, 60) and meta['img_shape'] == (41, 33)
    (record,) = meta['degradations']
    assert (record['kind'], record['degree'], record['params']['sigma']) == ('gblur', 3, 3.0)
    chosen = PackDegradeInputs(meta_keys=('img_path',))(start())['data_samples'].metainfo
    assert chosen == dict(img_path='train/a.png')


def test_packing_keeps_float_and_needs_no_clean_image():
    out = PackDegradeInputs()(Degrade('awgn', sigma=9, clip=False)(start()))
    assert out['inputs'].dtype == torch.float32 and 'clean_img' not in out['data_samples']


def test_packing_refuses_a_clean_image_left_behind_and_allows_a_full_size_mask():
    given = Degrade('gblur', 3, keep_clean=True)(start())
    resized = TRANSFORMS.build(GEOMETRY['resize'][0])(dict(given))  # without StackPair
    with pytest.raises(ValueError, match=r'clean_img differ.*75x90.*60x60'):
        PackDegradeInputs()(resized)
    test_time = dict(start(COORDINATES[:30]), gt_seg_map=MASK)  # loaded after resizing
    assert PackDegradeInputs()(test_time)['data_samples'].gt_sem_seg.data.shape == (1, 60, 60)
