"""Fifty images, every random transform: the same pixels for any worker count, rank and order."""

import hashlib

import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from torch.utils.data import DataLoader

from mmdegrade.datasets import KeyedSampler
from mmdegrade.datasets import samplers as module
from tests.tiny import make_camvid

KINDS = ('awgn', 'saltpepper', 'mblur', 'poisson', 'camera', 'rain', 'glass')
IMAGES = 50
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(type='RandomResize', scale=(64, 48), ratio_range=(0.7, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=(32, 32)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomDegrade', choices=[dict(kind=k, degree=[1, 3, 5]) for k in KINDS], prob=0.9),
    dict(type='PackDegradeInputs'),
]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return make_camvid(tmp_path_factory.mktemp('pixels') / 'camvid', images=IMAGES)


def hashes(root, workers: int, skip: int = 0) -> list[str]:
    """SHA-256 of pixels and labels, in the order of the stream, of one epoch or its part."""
    init_default_scope('mmseg')
    dataset = DATASETS.build(
        dict(type='CamVidDataset', data_root=str(root), ann_file='train.txt', pipeline=PIPELINE)
    )
    sampler = KeyedSampler(dataset, seed=0)
    sampler.skip(skip)
    loader = DataLoader(dataset, 2, sampler=sampler, num_workers=workers, collate_fn=list)
    found = []
    for batch in loader:
        for item in batch:
            digest = hashlib.sha256(item['inputs'].numpy().tobytes())
            digest.update(item['data_samples'].gt_sem_seg.data.numpy().tobytes())
            found.append(digest.hexdigest())
        if len(found) >= (IMAGES - skip) // module.get_dist_info()[1]:
            return found
    raise RuntimeError('the stream of a KeyedSampler is endless')


@pytest.fixture(scope='module')
def alone(root):
    return hashes(root, 0)


def test_fifty_different_images(alone):
    assert len(alone) == len(set(alone)) == IMAGES


@pytest.mark.parametrize('workers', [1, 4])
def test_any_number_of_workers(root, alone, workers):
    assert hashes(root, workers) == alone


def test_two_ranks_share_them(root, alone, monkeypatch):
    ranks = []
    for rank in range(2):
        monkeypatch.setattr(module, 'get_dist_info', lambda rank=rank: (rank, 2))
        ranks.append(hashes(root, 0)[: IMAGES // 2])
    assert [one for pair in zip(*ranks, strict=True) for one in pair] == alone


def test_a_stream_taken_up_in_the_middle(root, alone):
    assert hashes(root, 2, skip=20)[:30] == alone[20:]
