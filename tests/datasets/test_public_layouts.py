"""VOC with SBD's lists and Cityscapes, through the data configs."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS

from mmdegrade.engine.degradation import fill_degradation
from tests.tiny_datasets import make_cityscapes, make_voc

BASE = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'datasets'


def build(name: str, root, split: str, **changes):
    cfg = fill_degradation(Config.fromfile(BASE / f'{name}.py'))
    return DATASETS.build(dict(cfg[f'{split}_dataloader'].dataset, data_root=str(root), **changes))


def test_voc_has_sbd_masks_and_lists(tmp_path):
    root = make_voc(tmp_path)
    for split, name in (('train', 'train_sbd'), ('val', 'val_sbd'), ('test', 'val_sbd')):
        dataset = build('voc', root, split)
        assert len(dataset) == 4
        info = dataset.get_data_info(3)
        assert info['img_path'] == str(root / 'JPEGImages' / f'{name}_003.jpg')
        assert info['seg_map_path'] == str(root / 'SegmentationClassAug' / f'{name}_003.png')
        assert dataset[0]['inputs'].shape == (3, 48, 64)


def test_vocs_own_lists_by_override(tmp_path):
    root = make_voc(tmp_path, lists=('train',), masks='SegmentationClass')
    cfg = Config.fromfile(BASE / 'voc.py')
    part = 'train_dataloader.dataset'
    cfg.merge_from_dict({
        f'{part}.data_root': str(root),
        f'{part}.data_prefix.seg_map_path': 'SegmentationClass',
        f'{part}.ann_file': 'ImageSets/Segmentation/train.txt',
    })  # fmt: skip
    dataset = DATASETS.build(fill_degradation(cfg).train_dataloader.dataset)
    assert len(dataset) == 4


def test_cityscapes(tmp_path):
    root = make_cityscapes(tmp_path)
    for split, city in (('train', 'aachen'), ('val', 'lindau'), ('test', 'lindau')):
        dataset = build('cityscapes', root, split)
        assert len(dataset) == 4
        assert all(f'/{city}/' in dataset.get_data_info(i)['img_path'] for i in range(4))
        labels = dataset[1]['data_samples'].gt_sem_seg.data.numpy()
        assert labels.shape == (1, 48, 96)
        assert set(np.unique(labels)) <= {*range(19), 255}


@pytest.mark.parametrize('name, make', [('voc', make_voc), ('cityscapes', make_cityscapes)])
def test_batch_pipeline_gives_one_crop_of_the_published_size(name, make, tmp_path):
    cfg = Config.fromfile(BASE / f'{name}.py')
    crop = next(t for t in cfg.batch_pipeline if t.type == 'RandomCrop').crop_size
    assert tuple(crop) == ((512, 512) if name == 'voc' else (512, 1024))
    cfg.train_dataloader.dataset.pipeline = cfg.batch_pipeline
    cfg.train_dataloader.dataset.data_root = str(make(tmp_path, images=1))
    sample = DATASETS.build(fill_degradation(cfg).train_dataloader.dataset)[0]
    height, width = sample['inputs'].shape[1:]
    assert height <= 512 and width <= crop[1] and max(height, width) > 96  # resized, then cropped
    assert sample['data_samples'].gt_sem_seg.data.shape[1:] == (height, width)
