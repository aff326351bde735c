"""RainCityscapes: each rainy version finds its street's clean image and mask."""

import cv2
import numpy as np
import pytest
from mmseg.registry import DATASETS

from tests.tiny_datasets import make_rain_cityscapes

PREFIX = dict(
    img_path='leftImg8bit_rain/train', clean_path='leftImg8bit/train', seg_map_path='gtFine/train'
)
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadCleanImage'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]


def build(root, prefix=PREFIX):
    return DATASETS.build(
        dict(
            type='RainCityscapesDataset',
            data_root=str(root),
            data_prefix=prefix,
            pipeline=PIPELINE,
        )
    )


def test_versions_share_clean_image_and_mask(tmp_path):
    dataset = build(make_rain_cityscapes(tmp_path))
    streets = list((tmp_path / 'leftImg8bit/train').rglob('*.png'))
    assert len(dataset) == 2 * len(streets) > 2
    for i in range(len(dataset)):
        info, item = dataset.get_data_info(i), dataset[i]
        stem = info['img_path'].rpartition('/')[2].partition('_leftImg8bit')[0]
        assert info['clean_path'].endswith(f'/{stem}_leftImg8bit.png')
        clean = cv2.imread(info['clean_path'])
        got = item['data_samples'].clean_img.data.numpy().transpose(1, 2, 0)
        assert np.array_equal(got, clean)
        assert not np.array_equal(item['inputs'].numpy(), item['data_samples'].clean_img.data)
        mask = cv2.imread(info['seg_map_path'], cv2.IMREAD_UNCHANGED)
        assert np.array_equal(item['data_samples'].gt_sem_seg.data[0].numpy(), mask)
    assert len(dataset.metainfo['classes']) == 19


def test_what_is_missing_is_named(tmp_path):
    root = make_rain_cityscapes(tmp_path)
    with pytest.raises(ValueError, match='data_prefix.clean_path is not set'):
        build(root, {k: v for k, v in PREFIX.items() if k != 'clean_path'})
    for folder, what in (('gtFine', 'mask'), ('leftImg8bit', 'clean version')):
        path = next((root / folder / 'train').rglob('*.png'))
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(FileNotFoundError, match=f'its {what} .*{path.name} is not there'):
            build(root)
        path.write_bytes(kept)
    (root / 'leftImg8bit_rain/train/odd.png').write_bytes(b'')
    with pytest.raises(ValueError, match="odd.png has no '_leftImg8bit' in its name"):
        build(root)
