"""Corrupt files are named, counted and replaced in training; anywhere else they raise."""

import errno
import hashlib
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.logging import MMLogger
from mmseg.registry import DATASETS
from PIL import Image
from torch.utils.data import DataLoader

from mmdegrade.datasets import KeyedIndex, KeyedSampler, TooManyCorruptFilesError
from mmdegrade.datasets.checked_loading import check_loading
from mmdegrade.datasets.transforms import CorruptFileError, LoadImage, LoadMask
from mmdegrade.datasets.transforms.image_files import read_file
from tests.tiny import make_camvid

SIZE = (48, 64)
IMAGES = 8
OURS = [dict(type='LoadImage'), dict(type='LoadMask')]
STOCK = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
REST = [
    dict(type='RandomCrop', crop_size=(32, 32)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade', kind='awgn', degree=3),
    dict(type='PackDegradeInputs'),
]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-40])


def empty(path):
    path.write_bytes(b'')


def garbage(path):
    path.write_bytes(b'\0' * 500)


def remove(path):
    path.unlink()


def palette(path):
    Image.fromarray(np.zeros(SIZE, np.uint8)).convert('P').save(path)


def alpha(path):
    cv2.imwrite(str(path), np.zeros((*SIZE, 4), np.uint8))


def sixteen_bits(path):
    cv2.imwrite(str(path), np.zeros((*SIZE, 3), np.uint16))


def wide_labels(path):
    cv2.imwrite(str(path), np.full(SIZE, 256, np.uint16))  # astype(uint8) would make class 0 of it


def colours(path):
    cv2.imwrite(str(path), np.zeros((*SIZE, 3), np.uint8))


def smaller(path):
    cv2.imwrite(str(path), np.zeros((40, 64), np.uint8))


def label_12(path):
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask[3, 4:7] = 12
    cv2.imwrite(str(path), mask)


IMAGE_FAULTS = {
    truncate: 'is truncated',
    empty: r'is empty \(0 bytes\)',
    garbage: 'cannot be decoded',
    remove: 'is not there',
    palette: 'has a palette, 8-bit colour or grey is expected',
    alpha: 'has an alpha channel',
    sixteen_bits: 'has 16 bits a channel',
}
MASK_FAULTS = {
    truncate: 'is truncated',
    empty: 'is empty',
    garbage: 'cannot be decoded',
    remove: 'is not there',
    wide_labels: 'holds uint16 from 256 to 256; labels are 0 to 255',
    colours: 'is 48x64x3 .*single channel',
    smaller: 'is 40x64',
    label_12: r'has the label 12 in 3 pixels; allowed: 0 to 10 and 255 \(ignored\)',
}
FAULTS = [('train', *one) for one in IMAGE_FAULTS.items()]
FAULTS += [('trainannot', *one) for one in MASK_FAULTS.items()]


@pytest.fixture
def root(tmp_path):
    return make_camvid(tmp_path / 'camvid', images=IMAGES)


def build(root, split='train', loading=OURS, **kwargs):
    cfg = dict(type='CamVidDataset', data_root=str(root), ann_file=f'{split}.txt', **kwargs)
    return DATASETS.build(dict(cfg, pipeline=[*loading, *REST]))


def file(root, index, folder='train'):
    return root / folder / f'train_{index:03d}.png'


def digest(item) -> tuple[str, str]:
    """File name and hash of pixels and labels."""
    data = item['data_samples'].gt_sem_seg.data.numpy().tobytes()
    sha = hashlib.sha256(item['inputs'].numpy().tobytes() + data).hexdigest()
    return item['data_samples'].img_path[-7:-4], sha


def stream(dataset, n=2 * IMAGES, workers=0, skip=0, max_corrupt=10, persistent=False, **kwargs):
    sampler = KeyedSampler(dataset, seed=3, max_corrupt=max_corrupt)
    sampler.skip(skip)
    loader = DataLoader(
        dataset,
        2,
        sampler=sampler,
        num_workers=workers,
        collate_fn=list,
        persistent_workers=persistent,
        **kwargs,
    )
    return [digest(item) for batch in islice(loader, n // 2) for item in batch]


@pytest.fixture
def log(tmp_path):
    """Function: the log of the run, which worker processes write to as well."""
    path = tmp_path / 'run.log'
    MMLogger.get_instance('corrupt', log_file=str(path))
    return lambda: path.read_text() if path.exists() else ''


@pytest.mark.parametrize('loading', [OURS, STOCK], ids=['ours', 'stock'])
@pytest.mark.parametrize(
    'folder, spoil, reason', FAULTS, ids=lambda one: getattr(one, '__name__', str(one))
)
def test_each_fault_is_named_once_and_replaced(root, log, folder, spoil, reason, loading):
    whole = stream(build(root, loading=loading))
    dataset = build(root, loading=loading)  # lists files, so before one is gone
    test = build(root, loading=loading, test_mode=True)
    spoil(file(root, 2, folder))
    got = stream(dataset)
    assert '002' in [name for name, _ in whole] and '002' not in [name for name, _ in got]
    for before, after in zip(whole, got, strict=True):  # all other samples stay the same
        assert before == after or before[0] == '002'
    assert log().count('corrupt file, 1 so far') == log().count('WARNING') == 1
    check_loading(test)
    with pytest.raises(CorruptFileError, match=f'002.png.*{reason}') as caught:
        test[2]
    assert caught.value.path == str(file(root, 2, folder))
    assert f'{caught.value}' in log()


@pytest.mark.parametrize('workers, persistent', [(0, False), (1, False), (3, False), (3, True)])
def test_same_pixels_for_any_number_of_workers(root, workers, persistent):
    for index, spoil in ((1, truncate), (4, empty), (6, alpha)):
        spoil(file(root, index))
    label_12(file(root, 3, 'trainannot'))
    alone = stream(build(root), 40)
    assert {name for name, _ in alone} == {'000', '002', '005', '007'}
    assert stream(build(root), 40, workers, persistent=persistent) == alone
    assert stream(build(root), 24, workers, skip=16, persistent=persistent) == alone[16:]


def test_a_replacement_is_a_function_of_the_draw(root):
    empty(file(root, 2))
    dataset = build(root)
    KeyedSampler(dataset, seed=3)
    draws = [digest(dataset[KeyedIndex(2, draw)]) for draw in range(12)]
    again = [digest(dataset[KeyedIndex(2, draw)]) for draw in reversed(range(12))]
    assert again[::-1] == draws
    assert len({name for name, _ in draws}) > 3  # not always the neighbour
    KeyedSampler(dataset, seed=4)
    assert [digest(dataset[KeyedIndex(2, draw)]) for draw in range(12)] != draws


@pytest.mark.parametrize('workers, persistent', [(0, False), (3, False), (3, True)])
def test_one_too_many_stops_and_lists_them(root, workers, persistent, log):
    for index in (1, 4, 6):
        empty(file(root, index))
    assert len(stream(build(root), 40, workers, max_corrupt=3, persistent=persistent)) == 40
    assert 'corrupt file, 3 so far' in log()
    # In any process, though no worker alone may meet all three.
    with pytest.raises(TooManyCorruptFilesError) as caught:
        stream(build(root), 400, workers, max_corrupt=2, persistent=persistent)
    text = str(caught.value)
    assert '3 corrupt files' in text and 'corrupt_data.max_files=2' in text
    assert all(f'train_00{index}.png is empty' in text for index in (1, 4, 6))
    assert 'python tools/check_data.py CONFIG' in text


def test_workers_of_later_epochs_know_what_earlier_ones_found(root, log):
    """Workers that are not persistent end with their epoch; the count does not."""
    empty(file(root, 1))
    dataset = build(root)
    sampler = KeyedSampler(dataset, seed=3, max_corrupt=1)
    loader = DataLoader(dataset, 2, sampler=sampler, num_workers=1, collate_fn=list)
    assert len(list(islice(loader, IMAGES))) == IMAGES
    assert sampler.corrupt_files.flags[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert len(list(islice(loader, IMAGES))) == IMAGES
    assert log().count('WARNING') == 1
    empty(file(root, 5))
    with pytest.raises(TooManyCorruptFilesError, match=r'train_001[^\0]*train_005'):
        list(islice(loader, IMAGES))


def test_flags_may_be_set_while_they_are_collected(root, monkeypatch):
    """torch's nonzero() fails if another process sets a byte between its two passes."""
    empty(file(root, 2))
    sampler = KeyedSampler(build(root), seed=3)
    files = sampler.corrupt_files
    nonzero = torch.Tensor.nonzero

    def interrupted(flags):
        files.flags[0][[2, 5]] = 1  # by another worker, after the first pass
        return nonzero(flags)

    monkeypatch.setattr(torch.Tensor, 'nonzero', interrupted)
    assert files._files() == {}
    monkeypatch.undo()
    found = files._files()
    assert [path[-7:-4] for path in found] == ['002', '005']
    assert 'train_002.png is empty' in found[str(file(root, 2))]
    assert 'could not be read by another worker process' in found[str(file(root, 5))]


def test_what_others_found_costs_no_random_numbers(root):
    truncate(file(root, 2, 'trainannot'))
    cfg = dict(type='CamVidDataset', data_root=str(root), ann_file='train.txt')
    flip = dict(type='RandomFlip', prob=0.5)
    dataset = DATASETS.build(dict(cfg, pipeline=[OURS[0], flip, OURS[1], *REST]))
    files = KeyedSampler(dataset, seed=3).corrupt_files
    files.flags[0][2] = 1
    np.random.seed(0)
    expected = np.random.rand()
    np.random.seed(0)
    assert 'train_002.png is truncated' in ''.join(files._files().values())
    assert np.random.rand() == expected


@pytest.mark.slow
def test_spawned_workers_share_the_count(root):
    for index in (1, 4, 6):
        empty(file(root, index))
    dataset = build(root)
    sampler = KeyedSampler(dataset, seed=3)
    loader = DataLoader(
        dataset, 2, sampler=sampler, num_workers=1, collate_fn=list, multiprocessing_context='spawn'
    )
    got = [digest(item) for batch in islice(loader, IMAGES) for item in batch]
    assert got == stream(build(root))
    assert sampler.corrupt_files.flags[0].nonzero().flatten().tolist() == [1, 4, 6]


def test_zero_stops_at_the_first(root):
    truncate(file(root, 7))
    with pytest.raises(TooManyCorruptFilesError, match='1 corrupt files .*max_files=0'):
        stream(build(root), max_corrupt=0)
    for wrong in (-1, 2.5, True, '3'):
        with pytest.raises(ValueError, match=r'corrupt_data\.max_files='):
            KeyedSampler(build(root), seed=0, max_corrupt=wrong)


def test_nothing_usable(root):
    dataset = build(root)
    for index in range(IMAGES):
        empty(file(root, index))
    with pytest.raises(TooManyCorruptFilesError, match='every sample of CamVidDataset'):
        stream(dataset, max_corrupt=100)


def test_wrappers_count_files_once(root, tmp_path, log):
    other = make_camvid(tmp_path / 'other', images=4)
    one, two = build(root), build(other)
    empty(file(root, 1))
    empty(other / 'train' / 'train_003.png')
    got = stream(ConcatDataset([one, two]), 60, max_corrupt=2)
    assert len(got) == 60 and log().count('WARNING') == 2
    assert 'corrupt file, 2 so far' in log()
    assert len(stream(RepeatDataset(one, 2), 60, max_corrupt=1)) == 60


def test_a_shared_file_is_one_file(tmp_path, log):
    """Several degraded versions of one clean image: a corrupt clean image is one file."""
    rng = np.random.default_rng(0)
    for folder in ('degraded', 'clean'):
        (tmp_path / 'pairs' / folder).mkdir(parents=True)
    for clean in 'ab':
        names = [f'degraded/{clean}_{version}.png' for version in range(3)]
        for name in (*names, f'clean/{clean}.png'):
            cv2.imwrite(str(tmp_path / 'pairs' / name), rng.integers(0, 256, (8, 8, 3), np.uint8))
    dataset = DATASETS.build(
        dict(
            type='PairedImageDataset',
            data_root=str(tmp_path / 'pairs'),
            rename=(r'_\d', ''),
            pipeline=[
                dict(type='LoadImage'),
                dict(type='LoadCleanImage'),
                dict(type='PackDegradeInputs'),
            ],
        )
    )
    colourless = tmp_path / 'pairs' / 'clean' / 'b.png'
    cv2.imwrite(str(colourless), np.zeros((9, 8, 3), np.uint8))
    sampler = KeyedSampler(dataset, seed=0, max_corrupt=1)
    names = {dataset[index]['data_samples'].img_path[-7] for index in islice(sampler, 24)}
    assert names == {'a'} and int(sampler.corrupt_files.flags[0].sum()) == 3
    assert log().count('corrupt file, 1 so far') == log().count('WARNING') == 1


class Broken:
    """A transform with a mistake in it."""

    def __call__(self, results):
        raise self.error


@pytest.mark.parametrize('error', [ValueError('mine'), OSError('mine'), AttributeError('mine')])
def test_programming_errors_are_not_caught(root, error):
    dataset = build(root)
    broken = Broken()
    broken.error = error
    dataset.pipeline.transforms.insert(2, broken)
    with pytest.raises(type(error), match='mine'):
        stream(dataset)


def test_errors_of_the_machine_are_not_the_files(root, monkeypatch):
    def get(number):
        def read(path, backend_args=None):
            raise OSError(number, 'trouble')

        return read

    path = str(file(root, 0))
    monkeypatch.setattr('mmengine.fileio.get', get(errno.EIO))
    with pytest.raises(CorruptFileError, match='train_000.png cannot be read: .*trouble'):
        read_file(path, 'image')
    monkeypatch.setattr('mmengine.fileio.get', get(errno.EMFILE))
    with pytest.raises(OSError, match='trouble') as caught:
        read_file(path, 'image')
    assert not isinstance(caught.value, CorruptFileError)


def test_validation_raises_in_any_worker(root):
    truncate(root / 'val' / 'val_002.png')
    for workers in (0, 2):
        dataset = build(root, 'val', STOCK, test_mode=True)
        check_loading(dataset)
        loader = DataLoader(dataset, 1, num_workers=workers, collate_fn=list)
        with pytest.raises(CorruptFileError, match=r'val_002\.png is truncated'):
            list(loader)


def test_stock_transforms_are_exchanged_for_equal_ones(root):
    ours, stock = build(root), build(root, loading=STOCK)
    before = [stock[i] for i in range(2)]
    for dataset in (ours, stock):
        check_loading(dataset)
        check_loading(RepeatDataset(dataset, 2))
        load, mask = dataset.pipeline.transforms[:2]
        assert type(load) is LoadImage and type(mask) is LoadMask
        assert (mask.num_classes, mask.ignore_index) == (11, 255)
    assert repr(load).startswith('LoadImage(ignore_empty=False')
    np.random.seed(0)
    after = [stock[i] for i in range(2)]
    assert [a['data_samples'].img_path for a in after] == [
        b['data_samples'].img_path for b in before
    ]
    lenient = build(root, loading=[dict(type='LoadImageFromFile', ignore_empty=True), OURS[1]])
    check_loading(lenient)
    assert type(lenient.pipeline.transforms[0]) is not LoadImage


@pytest.mark.parametrize('reduce_zero', [False, True])
@pytest.mark.parametrize('label_map', [None, {0: 3, 3: 0, 9: 255, 254: 1}])
def test_labels_are_those_of_the_stock_transform(tmp_path, reduce_zero, label_map):
    from mmseg.datasets.transforms import LoadAnnotations

    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    cv2.imwrite(str(tmp_path / 'm.png'), mask)
    info = dict(
        seg_map_path=str(tmp_path / 'm.png'),
        ori_shape=(16, 16),
        reduce_zero_label=reduce_zero,
        label_map=label_map,
    )
    expected = LoadAnnotations()(dict(info, seg_fields=[]))['gt_seg_map']
    got = LoadMask()(dict(info, seg_fields=[]))
    assert got['gt_seg_map'].dtype == np.uint8 and got['seg_fields'] == ['gt_seg_map']
    assert np.array_equal(got['gt_seg_map'], expected)
    with pytest.raises(ValueError, match='has the label'):
        LoadMask(num_classes=200)(dict(info, seg_fields=[]))
    with pytest.raises(ValueError, match=f'reduce_zero_label={not reduce_zero}'):
        LoadMask(reduce_zero_label=not reduce_zero)(dict(info, seg_fields=[]))


def test_the_ignore_index_is_allowed(root):
    label_12(file(root, 0, 'trainannot'))
    dataset = build(root, ignore_index=12)
    check_loading(dataset)
    assert dataset.pipeline.transforms[1].ignore_index == 12
    info = dataset.get_data_info(0)
    labels = dataset.pipeline.transforms[1](dict(info, ori_shape=SIZE))['gt_seg_map']
    assert (labels[3, 4:7] == 12).all() and (labels == 255).any()


def test_grey_images_and_those_that_may_be_converted(tmp_path):
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, np.full(SIZE, 7, np.uint8))
    assert np.array_equal(LoadImage().read(path), np.full((*SIZE, 3), 7))
    cv2.imwrite(path, np.full((*SIZE, 3), 0x0A80, np.uint16))
    assert np.array_equal(LoadImage(check_mode=False).read(path), np.full((*SIZE, 3), 0x0A))
    assert LoadImage(color_type='unchanged').read(path).dtype == np.uint16
    image = Image.fromarray(np.zeros(SIZE, np.uint8)).convert('P')
    image.putpalette([(37 * i) % 256 for i in range(768)])  # a ramp of greys would be grey
    for suffix in ('.gif', '.bmp', '.tif'):
        image.save(tmp_path / f'p{suffix}')
        with pytest.raises(CorruptFileError, match='has a palette'):
            LoadImage().read(str(tmp_path / f'p{suffix}'))
    with pytest.raises(ValueError, match="color_type='colour'") as caught:
        LoadImage(color_type='colour').read(path)
    assert not isinstance(caught.value, CorruptFileError)


def test_ranks_other_than_the_first_are_heard(root, monkeypatch, log):
    monkeypatch.setattr('mmdegrade.datasets.corrupt_files.get_rank', lambda: 1)
    empty(file(root, 0))
    stream(build(root))
    assert 'ERROR' in log() and 'corrupt file, 1 so far' in log()
