"""Folders of clean images, pairs of folders, and the transform that loads a clean version."""

import numpy as np
import pytest
import torch
from mmengine.registry import TRANSFORMS
from mmseg.registry import DATASETS

from mmdegrade.datasets.clean_images import list_images
from mmdegrade.evaluation import RestorationMetric
from tests.tiny_datasets import write

RNG = np.random.default_rng(0)
PACKED = [
    dict(type='LoadImage'),
    dict(type='Degrade', kind='awgn', sigma=25, clip=False, keep_clean=True),
    dict(type='PackDegradeInputs'),
]
PAIRED = [dict(type='LoadImage'), dict(type='LoadCleanImage'), dict(type='PackDegradeInputs')]


def image(size=(12, 16)):
    return RNG.integers(0, 256, (*size, 3), np.uint8)


def build(kind, root, **kwargs):
    return DATASETS.build(dict(type=kind, data_root=str(root), **kwargs))


def names(dataset, key='img_path'):
    root = f'{dataset.data_root}/'
    return [dataset.get_data_info(i)[key].removeprefix(root) for i in range(len(dataset))]


@pytest.fixture()
def folder(tmp_path):
    for name in ('b.png', 'a.JPG', 'sub/c.bmp', 'notes.txt', '.hidden.png'):
        write(tmp_path / name, image()) if name != 'notes.txt' else None
    (tmp_path / 'notes.txt').write_text('no image')
    return tmp_path


def test_all_images_in_order(folder):
    assert names(build('CleanImageDataset', folder)) == ['a.JPG', 'b.png', 'sub/c.bmp']
    assert names(build('CleanImageDataset', folder, recursive=False)) == ['a.JPG', 'b.png']
    assert names(build('CleanImageDataset', folder, img_suffix='.png')) == ['b.png']
    assert names(build('CleanImageDataset', folder, data_prefix=dict(img_path='sub'))) == [
        'sub/c.bmp'
    ]
    assert len(build('CleanImageDataset', folder, indices=2)) == 2


def test_listed_images(folder):
    (folder / 'list.txt').write_text('sub/c.bmp\n\na.JPG\n')
    assert names(build('CleanImageDataset', folder, ann_file='list.txt')) == ['sub/c.bmp', 'a.JPG']
    (folder / 'list.txt').write_text('a.JPG\nb.jpg\n')
    with pytest.raises(FileNotFoundError, match=r"list.txt names 'b.jpg' \(1 such\)"):
        build('CleanImageDataset', folder, ann_file='list.txt')
    with pytest.raises(FileNotFoundError, match="ann_file=.*none.txt': no such list"):
        build('CleanImageDataset', folder, ann_file='none.txt')


def test_missing_folders_and_images(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='no such folder of images: .*nowhere'):
        build('CleanImageDataset', tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='ends in .gif: set img_suffix'):
        list_images(str(folder), ['.gif'])


def test_items_need_no_masks(folder):
    dataset = build('CleanImageDataset', folder, pipeline=PACKED, test_mode=True)
    item = dataset[1]
    sample = item['data_samples']
    noise = item['inputs'] - sample.clean_img.data
    assert item['inputs'].dtype == torch.float32 and sample.clean_img.data.dtype == torch.uint8
    assert abs(float(noise.std()) - 25) < 2 and abs(float(noise.mean())) < 2
    assert sample.degradations[0]['params']['sigma'] == 25 and 'gt_sem_seg' not in sample
    assert dataset.metainfo['classes'] == ()
    assert torch.equal(dataset[1]['inputs'], item['inputs'])


def make_pairs(root):
    """Rain100 names: rain-1.png and norain-1.png; two rainy versions of street 2."""
    clean = {name: image() for name in ('norain-1.png', 'norain-2.png')}
    for name, pixels in clean.items():
        write(root / 'norain' / name, pixels)
    for name in ('rain-1.png', 'rain-2_light.png', 'rain-2_heavy.png'):
        source = clean[f'norain-{name[5]}.png']
        write(root / 'rain' / name, np.clip(source.astype(int) + 20, 0, 255).astype(np.uint8))
    return clean


RENAME = [('^rain-', 'norain-'), ('_(light|heavy)', '')]


def test_pairs(tmp_path):
    clean = make_pairs(tmp_path)
    prefix = dict(img_path='rain', clean_path='norain')
    dataset = build(
        'PairedImageDataset', tmp_path, data_prefix=prefix, rename=RENAME, pipeline=PAIRED,
        test_mode=True,
    )  # fmt: skip
    assert names(dataset, 'clean_path') == [f'norain/norain-{i}.png' for i in (1, 2, 2)]
    item = dataset[2]
    assert np.array_equal(
        item['data_samples'].clean_img.data.numpy().transpose(1, 2, 0), clean['norain-2.png']
    )
    assert 'degradations' not in item['data_samples'].metainfo


def test_pairs_of_one_name(tmp_path):
    for name in (
        'degraded/a/1.jpg',
        'degraded/2.png',
        'clean/a/1.png',
        'clean/2.png',
        'clean/2.jpg',
    ):
        write(tmp_path / name, image())
    dataset = build('PairedImageDataset', tmp_path)
    assert names(dataset, 'clean_path') == ['clean/2.png', 'clean/a/1.png']


def test_pairs_that_are_none(tmp_path):
    make_pairs(tmp_path)
    prefix = dict(img_path='rain', clean_path='norain')
    with pytest.raises(FileNotFoundError, match='rain-1.png has no clean version: .*set rename'):
        build('PairedImageDataset', tmp_path, data_prefix=prefix)
    with pytest.raises(ValueError, match=r"data_prefix has \['clean'\]; allowed: \['clean_path'"):
        build('PairedImageDataset', tmp_path, data_prefix=dict(clean='norain'))
    with pytest.raises(ValueError, match=r"rename=\[\('\(', ''\)\].*regular expressions"):
        build('PairedImageDataset', tmp_path, data_prefix=prefix, rename=[('(', '')])
    write(tmp_path / 'norain' / 'norain-1.jpg', image())
    write(tmp_path / 'norain' / 'norain-1.bmp', image())
    (tmp_path / 'norain' / 'norain-1.png').unlink()
    with pytest.raises(ValueError, match='several clean versions .*1.bmp, norain-1.jpg'):
        build('PairedImageDataset', tmp_path, data_prefix=prefix, rename=RENAME)


def load_clean(results, **kwargs):
    return TRANSFORMS.build(dict(type='LoadCleanImage', **kwargs))(results)


def test_load_clean_by_name(tmp_path):
    clean = make_pairs(tmp_path)
    rainy = str(tmp_path / 'rain' / 'rain-2_heavy.png')
    rules = [('/rain/rain-', '/norain/norain-'), ('_[a-z]+[.]png$', '.png')]
    results = load_clean(dict(img=image(), img_path=rainy), rename=rules, to_float32=True)
    assert np.array_equal(results['clean_img'], clean['norain-2.png'])
    assert results['clean_img'].dtype == np.float32
    assert results['clean_path'] == str(tmp_path / 'norain' / 'norain-2.png')


@pytest.mark.parametrize(
    ('kwargs', 'error', 'words'),
    [
        ({}, ValueError, 'names no clean images; use PairedImageDataset, or set rename'),
        (dict(rename=('/snow/', '/')), ValueError, 'rename changes nothing in .*rain-1.png'),
        (dict(rename=('rain-1', 'no')), FileNotFoundError, 'no.png, the clean version of .*rain-1'),
        (
            dict(rename=('/rain/rain', '/norain/norain')),
            ValueError,
            'clean_img differ in size: .*/rain-1.png is 5x5, .*/norain-1.png is 12x16',
        ),
    ],
)
def test_load_clean_errors(tmp_path, kwargs, error, words):
    make_pairs(tmp_path)
    results = dict(img=image((5, 5)), img_path=str(tmp_path / 'rain' / 'rain-1.png'))
    with pytest.raises(error, match=words):
        load_clean(results, **kwargs)


def test_pairs_through_geometry(tmp_path):
    """The clean version takes the place that Degrade(keep_clean=True) gives it."""
    clean = make_pairs(tmp_path)
    middle = [
        dict(type='StackPair'),
        dict(type='RandomFlip', prob=1.0, direction='horizontal'),
        dict(type='SplitPair'),
    ]
    dataset = build(
        'PairedImageDataset', tmp_path, data_prefix=dict(img_path='rain', clean_path='norain'),
        rename=RENAME, pipeline=[*PAIRED[:2], *middle, PAIRED[2]], test_mode=True,
    )  # fmt: skip
    out = dataset[0]['data_samples'].clean_img.data.numpy().transpose(1, 2, 0)
    assert np.array_equal(out, clean['norain-1.png'][:, ::-1])


# --- real data ---------------------------------------------------------------------------------


def measured(dataset, **kwargs) -> float:
    metric = RestorationMetric(metrics=['psnr'], image='input', **kwargs)
    for index in range(len(dataset)):
        item = dataset[index]
        metric.process(dict(inputs=[item['inputs']], data_samples=[item['data_samples']]), [{}])
    return metric.compute_metrics(metric.results)['PSNR']


@pytest.mark.parametrize(('name', 'images'), [('CBSD68', 68), ('Set12', 12)])
def test_noisy_test_sets(require_data, name, images):
    """20 log10(255 / 25) = 20.17 dB for unclipped noise, whatever the picture."""
    root = require_data(f'denoise_test/{name}')
    dataset = build('CleanImageDataset', root, pipeline=PACKED, test_mode=True)
    assert len(dataset) == images
    assert measured(dataset, clip=False) == pytest.approx(20.172, abs=0.02)


def test_photographs_and_the_means_of_many(require_data):
    root = require_data('denoise_test/real_noise_PolyU')
    dataset = build(
        'PairedImageDataset', root, data_prefix=dict(img_path='real', clean_path='mean'),
        rename=('_real[.]', '_mean.'), pipeline=PAIRED, test_mode=True, indices=4,
    )  # fmt: skip
    assert all('mean' in path for path in names(dataset, 'clean_path'))
    assert 30 < measured(dataset) < 45
