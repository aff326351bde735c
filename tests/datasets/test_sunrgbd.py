"""SUN RGB-D: lists, labels, depth, and the config of the data."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.datasets import PascalVOCDataset
from mmseg.registry import DATASETS

from mmdegrade.datasets import SUNRGBDDataset
from mmdegrade.datasets.sunrgbd import voc_colour
from mmdegrade.engine.degradation import fill_degradation
from tests.tiny_datasets import make_sunrgbd

LOAD = [
    dict(type='LoadImage'),
    dict(type='LoadDepth', format='sunrgbd'),
    dict(type='LoadMask'),
]
CONFIG = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets' / 'sunrgbd.py'


@pytest.fixture
def root(tmp_path):
    return make_sunrgbd(tmp_path / 'sunrgbd')


def test_classes():
    classes = SUNRGBDDataset.METAINFO['classes']
    assert len(set(classes)) == 37
    # seg37list of the toolbox, by number from 1.
    expected = {1: 'wall', 2: 'floor', 5: 'chair', 20: 'floor_mat', 28: 'shower_curtain', 37: 'bag'}
    assert {number: classes[number - 1] for number in expected} == expected
    assert [voc_colour(i) for i in range(21)] == PascalVOCDataset.METAINFO['palette']
    palette = SUNRGBDDataset.METAINFO['palette']
    assert len({tuple(colour) for colour in palette}) == 37 and [0, 0, 0] not in palette


def test_image_mask_and_depth(root):
    dataset = SUNRGBDDataset('train.txt', data_root=str(root), pipeline=LOAD)
    assert len(dataset) == 4
    lines = (root / 'train.txt').read_text().splitlines()
    for index in range(4):
        sample = dataset[index]
        image, mask, depth = (root / part for part in lines[index].split())
        np.testing.assert_array_equal(sample['img'], cv2.imread(str(image)))
        raw = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED).astype(int)
        assert (raw == 0).any()
        np.testing.assert_array_equal(sample['gt_seg_map'], np.where(raw == 0, 255, raw - 1))
        stored = cv2.imread(str(depth), cv2.IMREAD_UNCHANGED).astype(np.int64)
        metres = ((stored // 8) + (stored % 8) * 8192) / 1000  # rotated right by three bits
        np.testing.assert_allclose(sample['depth'], metres, rtol=1e-6)
        assert 0.5 <= sample['depth'].min() and sample['depth'].max() <= 9


def test_lists_without_depth(root):
    (root / 'rgb.txt').write_text(
        '\n'.join(' '.join(line.split()[:2]) for line in open(root / 'test.txt')) + '\n\n'
    )
    dataset = SUNRGBDDataset('rgb.txt', data_root=str(root), pipeline=[LOAD[0], LOAD[2]])
    assert len(dataset) == 4 and 'depth_path' not in dataset.get_data_info(0)
    assert dataset[3]['gt_seg_map'].shape == (48, 64)


def test_errors(root):
    with pytest.raises(ValueError, match="ann_file is empty; allowed: 'train.txt'"):
        SUNRGBDDataset(data_root=str(root))
    with pytest.raises(FileNotFoundError, match=r'absent\.txt.*prepare_dataset\.py sunrgbd'):
        SUNRGBDDataset('absent.txt', data_root=str(root), pipeline=LOAD)
    (root / 'bad.txt').write_text('\nSUNRGBD/a.jpg\n')
    with pytest.raises(ValueError, match=r'bad\.txt:2: expected "image mask depth"'):
        SUNRGBDDataset('bad.txt', data_root=str(root), pipeline=LOAD)


def test_haze_of_the_config_uses_the_depth(root):
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict({'degradation.kind': 'haze', 'degradation.degree': 5})
    cfg = fill_degradation(cfg)
    for split in ('train', 'test'):
        part = cfg[f'{split}_dataloader'].dataset
        part.data_root = str(root)
        dataset = DATASETS.build(part)
        sample = dataset[0]['data_samples']
        assert sample.gt_sem_seg.data.shape == (1, 48, 64)
        (record,) = sample.metainfo['degradations']
        assert record['kind'] == 'haze' and record['degree'] == 5
    clean = DATASETS.build(dict(part, pipeline=LOAD))[0]
    hazy = DATASETS.build(part)[0]['inputs'].numpy().transpose(1, 2, 0).astype(float)
    # y = t x + (1 - t) A: per pixel the far ones are pulled further towards white.
    lost = (255 - hazy).sum(-1) / np.maximum((255.0 - clean['img']).sum(-1), 1)
    assert np.corrcoef(lost.ravel(), clean['depth'].ravel())[0, 1] < -0.8


def test_the_config_names_the_official_split():
    cfg = Config.fromfile(CONFIG)
    lists = [cfg[f'{s}_dataloader'].dataset.ann_file for s in ('train', 'val', 'test')]
    assert lists == ['train.txt', 'test.txt', 'test.txt']
