"""A degraded copy of a dataset: pixels, links, manifest, resuming, failures."""

import json
import os

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmdegrade.apis import degrade_dataset, tree_of_config, tree_of_folder
from mmdegrade.apis.manifest import Manifest
from mmdegrade.datasets.transforms import Degrade, LoadImage

RNG = np.random.default_rng(0)
REQUEST = dict(kind='awgn', degree=3)


@pytest.fixture
def source(tmp_path):
    """CamVid's layout, two images a split, and a palette-like grey mask for each."""
    root = tmp_path / 'src'
    for split in ('train', 'val', 'test'):
        lines = []
        for number in range(2):
            image = root / split / f'{split}{number}.png'
            mask = root / f'{split}annot' / image.name
            for path, shape, high in ((image, (12, 16, 3), 256), (mask, (12, 16), 11)):
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), RNG.integers(0, high, shape, np.uint8))
            lines.append(f'/SegNet/{split}/{image.name} /SegNet/{split}annot/{image.name}')
        (root / f'{split}.txt').write_text('\n'.join(lines))
    return root


def config(root) -> Config:
    loaders = {
        f'{split}_dataloader': dict(
            dataset=dict(type='CamVidDataset', data_root=str(root), ann_file=f'{split}.txt')
        )
        for split in ('train', 'val', 'test')
    }
    return Config(loaders)


def copy(tree, out, **kwargs) -> list[dict]:
    return list(degrade_dataset(tree, out, REQUEST, **kwargs))


def pixels(folder) -> dict:
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*.png'))
    return {name: cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED) for name in names}


def test_a_folder_becomes_the_same_tree(source, tmp_path):
    out = tmp_path / 'out'
    tree = tree_of_folder(source)
    assert len(tree.images) == 6 and len(tree.others) == 9 and not tree.left_out
    assert not any('error' in record for record in copy(tree, out))
    for name, written in pixels(out).items():
        original = cv2.imread(str(source / name), cv2.IMREAD_UNCHANGED)
        if 'annot' in name:
            assert os.path.samefile(out / name, source / name)
        else:
            loaded = LoadImage()(dict(img_path=str(source / name)))
            assert np.array_equal(written, Degrade(**REQUEST)(loaded)['img'])
            assert not np.array_equal(written, original)
    assert (out / 'train.txt').read_text() == (source / 'train.txt').read_text()


def test_the_copy_is_a_drop_in_dataset(source, tmp_path):
    out = tmp_path / 'out'
    copy(tree_of_config(config(source)), out)
    again = tree_of_config(config(out))
    assert list(again.images) == list(tree_of_config(config(source)).images)


def test_of_a_config_unlisted_images_are_left_out(source, tmp_path):
    tree = tree_of_config(config(source), splits=('val',))
    assert sorted(tree.images) == ['val/val0.png', 'val/val1.png']
    assert sorted(n for n in tree.others if n.endswith('.png')) == [
        'valannot/val0.png',
        'valannot/val1.png',
    ]
    assert 'train/train0.png' in tree.left_out
    copy(tree, tmp_path / 'out')
    assert not (tmp_path / 'out' / 'train').exists()


def test_any_number_of_workers_writes_the_same(source, tmp_path):
    tree = tree_of_folder(source)
    for workers in (0, 2):
        copy(tree, tmp_path / str(workers), workers=workers)
    one, two = (pixels(tmp_path / str(workers)) for workers in (0, 2))
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert (tmp_path / '0/manifest.jsonl').read_text() == (
        tmp_path / '2/manifest.jsonl'
    ).read_text()


def test_the_manifest_holds_every_parameter(source, tmp_path):
    copy(tree_of_folder(source), tmp_path / 'out', seed=5)
    settings, *records = map(json.loads, (tmp_path / 'out/manifest.jsonl').read_text().splitlines())
    assert settings['settings']['seed'] == 5
    assert settings['settings']['degradation'] == REQUEST
    assert [r['image'] for r in records] == sorted(tree_of_folder(source).images)
    assert records[0] == dict(
        image='test/test0.png',
        file='test/test0.png',
        kind='awgn',
        degree=3,
        params={'sigma': 30.0, 'clip': True},
    )


def test_an_interrupted_run_goes_on(source, tmp_path):
    tree, out = tree_of_folder(source), tmp_path / 'out'
    whole = tmp_path / 'whole'
    copy(tree, whole)
    running = degrade_dataset(tree, out, REQUEST)
    first = next(running)
    running.close()
    with (out / 'manifest.jsonl').open('a') as file:
        file.write('{"image": "val/va')  # cut off by a kill
    with pytest.raises(FileExistsError, match='--resume'):
        copy(tree, out)
    with pytest.raises(ValueError, match='other settings .*seed: 0 there, 1 now'):
        copy(tree, out, seed=1, resume=True)
    before = os.stat(out / first['file']).st_mtime_ns
    assert len(copy(tree, out, resume=True)) == 6
    assert os.stat(out / first['file']).st_mtime_ns == before
    assert (out / 'manifest.jsonl').read_text() == (whole / 'manifest.jsonl').read_text()
    one, two = pixels(whole), pixels(out)
    assert one.keys() == two.keys() and all(np.array_equal(one[n], two[n]) for n in one)


@pytest.mark.parametrize('workers', [0, 1])
def test_an_unreadable_image_is_named_and_the_rest_is_done(source, tmp_path, workers):
    data = (source / 'train/train1.png').read_bytes()
    (source / 'train/train1.png').write_bytes(data[:40])
    records = copy(tree_of_folder(source), tmp_path / 'out', workers=workers)
    (failed,) = [record for record in records if 'error' in record]
    assert failed['image'] == 'train/train1.png' and 'truncated' in failed['error']
    assert len(records) == 6 and not (tmp_path / 'out/train/train1.png').exists()


def test_jpeg_keeps_its_name_or_becomes_lossless_png(tmp_path):
    root = tmp_path / 'src'
    root.mkdir()
    smooth = cv2.resize(RNG.integers(0, 256, (5, 5, 3), np.uint8), (64, 48))
    cv2.imwrite(str(root / 'a.jpg'), smooth)
    tree = tree_of_folder(root)
    for out, suffix in (('lossy', None), ('exact', '.png')):
        list(degrade_dataset(tree, tmp_path / out, dict(kind='gblur', degree=1), suffix=suffix))
    exact = cv2.imread(str(tmp_path / 'exact/a.png'))
    loaded = LoadImage()(dict(img_path=str(root / 'a.jpg')))
    assert np.array_equal(exact, Degrade('gblur', 1)(loaded)['img'])
    assert cv2.PSNR(cv2.imread(str(tmp_path / 'lossy/a.jpg')), exact) > 40


def test_the_pattern_says_what_is_an_image(source):
    tree = tree_of_folder(source, images='*annot/*')
    assert len(tree.images) == 6 and all('annot' in name for name in tree.images)


def test_copied_not_linked(source, tmp_path):
    copy(tree_of_folder(source), tmp_path / 'out', copy=True)
    assert not any(path.is_symlink() for path in (tmp_path / 'out').rglob('*'))


def test_errors(source, tmp_path):
    tree = tree_of_folder(source)
    with pytest.raises(ValueError, match='must not lie in each other'):
        copy(tree, source / 'inside')
    with pytest.raises(ValueError, match='set clip=True'):
        list(degrade_dataset(tree, tmp_path / 'out', dict(kind='awgn', degree=1, clip=False)))
    with pytest.raises(ValueError, match='--suffix .xyz'):
        copy(tree, tmp_path / 'out', suffix='.xyz')
    with pytest.raises(NotADirectoryError, match='no such folder'):
        tree_of_folder(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='no colour image'):
        tree_of_folder(source / 'valannot')
    with pytest.raises(KeyError, match='the config has no val_dataloader'):
        tree_of_config(Config(dict(train_dataloader=config(source).train_dataloader)))
    assert not (tmp_path / 'out').exists()
    (tmp_path / 'manifest.jsonl').write_text('nonsense\n')
    with pytest.raises(ValueError, match='does not begin with settings'):
        Manifest(tmp_path, {})
