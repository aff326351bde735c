"""CamVid: the SegNet list format, and the real data where it is there."""

import numpy as np
import pytest

from mmdegrade.datasets import CamVidDataset
from mmdegrade.datasets.transforms import LoadImage, LoadMask
from tests.tiny import make_camvid

LOAD = [dict(type='LoadImage'), dict(type='LoadMask')]
CLASSES = 'Sky Building Pole Road Pavement Tree SignSymbol Fence Car Pedestrian Bicyclist'.split()


@pytest.fixture
def root(tmp_path):
    return make_camvid(tmp_path / 'camvid', images=4)


def names(dataset) -> list[str]:
    return [dataset.get_data_info(i)['img_path'].rpartition('/')[2] for i in range(len(dataset))]


def test_tiny_layout(root):
    dataset = CamVidDataset('val.txt', data_root=str(root), pipeline=LOAD)
    assert len(dataset) == 4
    info = dataset.get_data_info(2)
    assert info['img_path'] == str(root / 'val' / 'val_002.png')
    assert info['seg_map_path'] == str(root / 'valannot' / 'val_002.png')
    assert list(dataset.metainfo['classes']) == CLASSES
    assert len(dataset.metainfo['palette']) == 11
    assert dataset.metainfo['palette'][3] == [128, 64, 128]  # Road


def test_unlabelled_is_ignored_and_the_rest_stays(root):
    sample = CamVidDataset('train.txt', data_root=str(root), pipeline=LOAD)[1]
    raw = LoadMask()(
        LoadImage()(
            dict(
                img_path=sample['img_path'],
                seg_map_path=sample['seg_map_path'],
                seg_fields=[],
                reduce_zero_label=False,
            )
        )
    )['gt_seg_map']
    assert (raw == 11).any() and not (raw == 255).any()
    np.testing.assert_array_equal(sample['gt_seg_map'], np.where(raw == 11, 255, raw))


def test_chosen_classes(root):
    dataset = CamVidDataset(
        'train.txt', data_root=str(root), pipeline=LOAD, metainfo=dict(classes=('Car', 'Sky'))
    )
    full = CamVidDataset('train.txt', data_root=str(root), pipeline=LOAD)[0]['gt_seg_map']
    expected = np.full_like(full, 255)
    expected[full == 8], expected[full == 0] = 0, 1
    np.testing.assert_array_equal(dataset[0]['gt_seg_map'], expected)
    assert dataset.metainfo['palette'] == [[64, 0, 128], [128, 128, 128]]


def test_segnet_lists_blank_lines_and_absolute_paths(root):
    (root / 'segnet.txt').write_text(
        '/SegNet/CamVid/train/train_001.png /SegNet/CamVid/trainannot/train_001.png\n\n   \n'
        'test/test_000.png\ttestannot/test_000.png  \n'
    )
    dataset = CamVidDataset('segnet.txt', data_root=str(root), pipeline=LOAD)
    assert names(dataset) == ['train_001.png', 'test_000.png']
    absolute = CamVidDataset(str(root / 'segnet.txt'), data_root=str(root), pipeline=LOAD)
    assert names(absolute) == names(dataset)


def test_indices_hold_data_back(root):
    first = CamVidDataset('train.txt', data_root=str(root), pipeline=LOAD, indices=3)
    assert names(first) == ['train_000.png', 'train_001.png', 'train_002.png']
    some = CamVidDataset('train.txt', data_root=str(root), pipeline=LOAD, indices=[3, 1])
    assert names(some) == ['train_003.png', 'train_001.png']


def test_errors(root):
    with pytest.raises(ValueError, match="ann_file is empty; allowed: 'train.txt'"):
        CamVidDataset(data_root=str(root))
    with pytest.raises(FileNotFoundError, match=r'absent\.txt.*git clone.*data_root'):
        CamVidDataset('absent.txt', data_root=str(root), pipeline=LOAD)
    (root / 'one.txt').write_text('\ntrain/train_000.png\n')
    with pytest.raises(ValueError, match=r'one\.txt:2: expected "image mask"'):
        CamVidDataset('one.txt', data_root=str(root), pipeline=LOAD)
    for line in ('train/x.png trainannot/train_000.png', 'train/train_000.png trainannot/x.png'):
        (root / 'gone.txt').write_text(line + '\n')
        with pytest.raises(FileNotFoundError, match=r'gone\.txt:1 names .*x\.png: not found'):
            CamVidDataset('gone.txt', data_root=str(root), pipeline=LOAD)


@pytest.mark.parametrize('split, count', [('train', 367), ('val', 101), ('test', 233)])
def test_the_real_data(require_data, split, count):
    root = require_data('camvid')
    dataset = CamVidDataset(f'{split}.txt', data_root=str(root), pipeline=LOAD)
    assert len(dataset) == count
    assert len(set(names(dataset))) == count
    seen = set()
    for index in range(0, count, 20):
        sample = dataset[index]
        assert sample['img'].shape == (360, 480, 3) and sample['gt_seg_map'].shape == (360, 480)
        seen |= set(np.unique(sample['gt_seg_map']).tolist())
    assert seen == {*range(11), 255}
