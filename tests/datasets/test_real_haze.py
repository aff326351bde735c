"""The real-haze test set: PASCAL VOC's layout, and what is said where it is missing."""

import numpy as np
import pytest
from mmseg.datasets import PascalVOCDataset
from mmseg.registry import DATASETS

from mmdegrade.datasets import RealHazeDataset
from tests.tiny_datasets import make_real_haze

LOAD = [dict(type='LoadImage'), dict(type='LoadMask')]


def test_tiny_layout(tmp_path):
    root = make_real_haze(tmp_path / 'real_haze')
    dataset = DATASETS.build(dict(type='RealHazeDataset', data_root=str(root), pipeline=LOAD))
    assert isinstance(dataset, RealHazeDataset) and len(dataset) == 3
    assert dataset.metainfo['classes'] == PascalVOCDataset.METAINFO['classes']
    sample = dataset[2]
    assert sample['img_path'] == str(root / 'JPEGImages' / 'test_002.jpg')
    assert set(np.unique(sample['gt_seg_map'])) <= {*range(21), 255}


def test_other_folders(tmp_path):
    root = make_real_haze(tmp_path / 'real_haze')
    (root / 'JPEGImages').rename(root / 'hazy')
    (root / 'test.txt').rename(root / 'list.txt')
    prefix = dict(img_path='hazy', seg_map_path='SegmentationClass')
    dataset = RealHazeDataset('list.txt', prefix, data_root=str(root), pipeline=LOAD)
    assert dataset[0]['img'].shape == (48, 64, 3)


@pytest.mark.parametrize('missing', ['test.txt', 'JPEGImages'])
def test_what_is_missing_is_named(tmp_path, missing):
    root = make_real_haze(tmp_path / 'real_haze')
    (root / missing).rename(root / 'elsewhere')
    with pytest.raises(FileNotFoundError, match=rf'{missing} is not there.*100 images.*no public'):
        RealHazeDataset(data_root=str(root), pipeline=LOAD)
