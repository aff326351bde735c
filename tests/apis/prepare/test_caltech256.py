"""Caltech-256 from a tiny archive in the real layout: which images, which lists, which classes."""

import pytest

from mmdegrade.apis.prepare import prepare_dataset
from mmdegrade.apis.prepare.caltech256 import CALTECH256, place, split
from tests.apis.prepare.fakes import jpg, tar, tiny

CLASSES = {'001.ak47': 61, '002.american-flag': 70, '257.clutter': 63}


def archive(folder, classes=CLASSES) -> str:
    image = jpg(0)
    files = {
        f'256_ObjectCategories/{name}/{name[:3]}_{i:04d}.jpg': image
        for name, count in classes.items()
        for i in range(1, count + 1)
    }
    files['256_ObjectCategories/001.ak47/RENAME2'] = b'x'
    files['256_ObjectCategories/002.american-flag/greg/vision309/x.txt'] = b'x'
    return tar(folder / '256_ObjectCategories.tar', files)


def test_split_is_seeded_disjoint_and_whole():
    names = [f'{i:04d}.jpg' for i in range(90)]
    parts = split(names)
    assert [len(part) for part in parts] == [48, 12, 30]
    assert sorted(sum(parts, [])) == names and all(part == sorted(part) for part in parts)
    assert split(names[::-1]) == parts and split(names, seed=1) != parts
    assert parts[2] != names[60:]  # drawn, not cut off


def test_lists_and_folders(tmp_path):
    small = tiny(CALTECH256, train=3 * 48, val=3 * 12, test=1 + 10 + 3)
    found = prepare_dataset(small, [archive(tmp_path)], tmp_path / 'out')
    assert found == dict(train=144, val=36, test=14)
    lines = (tmp_path / 'out' / 'test.txt').read_text().splitlines()
    labels = {line.split('.')[0]: line.rpartition(' ')[2] for line in lines}
    assert labels == {'001': '0', '002': '1', '257': '2'}
    assert not list((tmp_path / 'out').rglob('RENAME2'))
    before = lines
    assert prepare_dataset(small, [archive(tmp_path)], tmp_path / 'out') == found  # once more
    assert (tmp_path / 'out' / 'test.txt').read_text().splitlines() == before


def test_the_dataset_of_the_config_reads_it(tmp_path):
    mmpretrain = pytest.importorskip('mmpretrain.datasets')
    small = tiny(CALTECH256, train=144, val=36, test=14)
    prepare_dataset(small, [archive(tmp_path)], tmp_path / 'out')
    data = mmpretrain.CustomDataset(
        data_root=str(tmp_path / 'out'),
        data_prefix='256_ObjectCategories',
        ann_file='train.txt',
        pipeline=[],
    )
    assert len(data) == 144
    assert sorted({data.get_data_info(i)['gt_label'] for i in range(144)}) == [0, 1, 2]


def test_mistakes_are_named(tmp_path):
    with pytest.raises(ValueError, match='has 60 images; more than 60 are needed'):
        split([f'001.ak47/{i}.jpg' for i in range(60)])
    assert place('x/256_ObjectCategories/003.backpack/003_0001.jpg') == (
        '256_ObjectCategories/003.backpack/003_0001.jpg',
        None,
    )
    assert place('256_ObjectCategories/198.spider/RENAME2') is None
