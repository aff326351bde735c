"""OutdoorSeg: classes, labels, lists of one's own, and the augmentation of its config."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS, TRANSFORMS

from mmdegrade.datasets import OutdoorSegDataset
from mmdegrade.engine.degradation import fill_degradation
from tests.tiny_datasets import make_outdoorseg, write

LOAD = [dict(type='LoadImage'), dict(type='LoadMask')]
CONFIG = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets' / 'outdoorseg.py'


@pytest.fixture
def root(tmp_path):
    return make_outdoorseg(tmp_path / 'outdoorseg')


def test_classes():
    meta = OutdoorSegDataset.METAINFO
    # The table of SFTGAN's test_segmentation.py.
    assert meta['classes'] == (
        'background', 'sky', 'water', 'grass', 'mountain', 'building', 'plant', 'animal',
    )  # fmt: skip
    assert len(meta['palette']) == 8 and meta['palette'][1] == [0, 255, 255]


def test_images_and_masks(root):
    dataset = OutdoorSegDataset('train8800', data_root=str(root), pipeline=LOAD)
    assert len(dataset) == 4
    for index in range(4):
        sample = dataset[index]
        image, mask = Path(sample['img_path']), Path(sample['seg_map_path'])
        assert image.parent.name == 'images' and mask.parent.name == 'annotations'
        assert image.stem == mask.stem
        np.testing.assert_array_equal(sample['img'], cv2.imread(str(image)))
        raw = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
        assert {8, 255} & set(np.unique(raw))
        np.testing.assert_array_equal(sample['gt_seg_map'], np.where(raw == 8, 255, raw))


def test_lists_and_folders_of_ones_own(root, tmp_path):
    (root / 'mine.txt').write_text('train_3\ntrain_1\n')
    dataset = OutdoorSegDataset('train8800', 'mine.txt', data_root=str(root), pipeline=LOAD)
    names = [Path(dataset.get_data_info(i)['img_path']).stem for i in range(len(dataset))]
    assert names == ['train_3', 'train_1']
    write(tmp_path / 'other' / 'photos' / 'a.png', np.zeros((4, 4, 3), np.uint8))
    write(tmp_path / 'other' / 'labels' / 'a.png', np.ones((4, 4), np.uint8))
    dataset = OutdoorSegDataset(
        data_root=str(tmp_path / 'other'),
        data_prefix=dict(img_path='photos', seg_map_path='labels'),
        img_suffix='.png',
        pipeline=LOAD,
    )
    assert len(dataset) == 1 and (dataset[0]['gt_seg_map'] == 1).all()


def test_errors(root):
    with pytest.raises(ValueError, match="folder is empty; allowed: 'train8800', 'valid1100'"):
        OutdoorSegDataset(data_root=str(root))
    for arguments in (('absent',), ('train8800', 'absent.txt')):
        with pytest.raises(FileNotFoundError, match=r'absent.*prepare_dataset\.py outdoorseg'):
            OutdoorSegDataset(*arguments, data_root=str(root))


def test_the_config(root):
    cfg = fill_degradation(Config.fromfile(CONFIG))
    for split, folder in (('train', 'train8800'), ('val', 'valid1100'), ('test', 'valid1100')):
        dataset = DATASETS.build(dict(cfg[f'{split}_dataloader'].dataset, data_root=str(root)))
        assert len(dataset) == 4 and f'/{folder}/' in dataset.get_data_info(0)['img_path']
        sample = dataset[0]
        size = (480, 480) if split == 'train' else (48, 64)
        assert sample['inputs'].shape == (3, *size)
        assert sample['data_samples'].gt_sem_seg.data.shape == (1, *size)
    resize = cfg.train_pipeline[2]
    assert resize.scales == [(round(960 * (5 + k) / 10),) * 2 for k in range(7)]


def test_the_eight_flips_and_rotations_are_equally_likely():
    """Image and mask go together, and no two of the eight differ much in number."""
    pipeline = Config.fromfile(CONFIG).train_pipeline
    steps = [TRANSFORMS.build(t) for t in pipeline if t.type in ('RandomRotFlip', 'RandomFlip')]
    image = np.arange(9, dtype=np.uint8).reshape(3, 3)
    eight = [np.rot90(flipped, k) for flipped in (image, image[:, ::-1]) for k in range(4)]
    found = {one.tobytes(): 0 for one in map(np.ascontiguousarray, eight)}
    assert len(found) == 8
    np.random.seed(0)
    draws = 2000
    for _ in range(draws):
        results = dict(
            img=np.repeat(image[..., None], 3, 2), gt_seg_map=image.copy(),
            seg_fields=['gt_seg_map'], img_shape=(3, 3),
        )  # fmt: skip
        for step in steps:
            results = step(results)
        assert np.array_equal(results['img'][..., 0], results['gt_seg_map'])
        found[np.ascontiguousarray(results['gt_seg_map']).tobytes()] += 1
    expected = draws / 8
    chi_squared = sum((n - expected) ** 2 / expected for n in found.values())
    assert chi_squared < 24.3  # 99.9 % quantile, 7 degrees of freedom
