"""Keyed sampling: pixels depend on (seed, draw), never on worker, rank or order."""

import pickle
import random
from itertools import islice

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from mmengine.registry import init_default_scope
from mmseg.datasets import MultiImageMixDataset
from mmseg.registry import DATASETS
from torch.utils.data import DataLoader

from mmdegrade.datasets import KeyedIndex, KeyedSampler
from mmdegrade.datasets import samplers as module
from tests.tiny import make_camvid


def draw_three():
    """One number of every global generator."""
    return np.random.rand(), random.random(), torch.rand(()).item()


def draw_all(results):
    """A pipeline that shows every global generator."""
    index = results['sample_idx']
    return dict(idx=int(index), draw=getattr(index, 'draw', None), value=draw_three())


class Numbers(BaseDataset):
    def __init__(self, size=10):
        self.size = size
        super().__init__(pipeline=[draw_all])

    def load_data_list(self):
        return [dict(n=i) for i in range(self.size)]


def stream(dataset, n, workers=0, skip=0, seed=3, batch_size=2):
    sampler = KeyedSampler(dataset, seed=seed)
    sampler.skip(skip)
    loader = DataLoader(
        dataset, batch_size=batch_size, sampler=sampler, num_workers=workers, collate_fn=list
    )
    return [sample for batch in islice(loader, n // batch_size) for sample in batch]


def test_index_keeps_its_draw():
    index = KeyedIndex(7, draw=27)
    assert index == 7 and index.draw == 27
    assert (index % 5, (index % 5).draw) == (2, 27)
    assert (index - 3, (index - 3).draw) == (4, 27)
    assert (1 + index, (1 + index).draw) == (8, 27)
    copy = pickle.loads(pickle.dumps(index))
    assert (copy, copy.draw, type(copy)) == (7, 27, KeyedIndex)


def test_epochs_are_permutations_and_draws_are_unique():
    draws = list(islice(KeyedSampler(Numbers(), seed=1), 30))
    for epoch in range(3):
        part = draws[10 * epoch : 10 * epoch + 10]
        assert sorted(part) == list(range(10))
        assert [index.draw for index in part] == [epoch * 10 + index for index in part]
    assert draws[:10] != draws[10:20]
    assert list(islice(KeyedSampler(Numbers(), seed=2), 10)) != draws[:10]
    assert list(islice(KeyedSampler(Numbers(), shuffle=False, seed=2), 12)) == [*range(10), 0, 1]


@pytest.mark.parametrize('workers', [1, 2])
def test_pixels_do_not_depend_on_workers(workers):
    assert stream(Numbers(), 24, workers) == stream(Numbers(), 24, 0)


@pytest.mark.parametrize('workers', [0, 2])
def test_skip_continues_the_stream(workers):
    assert stream(Numbers(), 24)[14:] == stream(Numbers(), 10, workers, skip=14)


def test_pixels_do_not_depend_on_rank(monkeypatch):
    whole = stream(Numbers(), 24, batch_size=4)
    ranks = []
    for rank in range(2):
        monkeypatch.setattr(module, 'get_dist_info', lambda rank=rank: (rank, 2))
        ranks.append(stream(Numbers(), 12, batch_size=2))
    for i in range(6):  # every global batch of four holds the same samples
        both = ranks[0][2 * i : 2 * i + 2] + ranks[1][2 * i : 2 * i + 2]
        assert sorted(s['draw'] for s in both) == sorted(
            s['draw'] for s in whole[4 * i : 4 * i + 4]
        )
        assert all(sample in whole for sample in both)


def test_order_does_not_matter():
    dataset = Numbers()
    KeyedSampler(dataset, seed=3)
    forward = [dataset[KeyedIndex(i, i)] for i in range(10)]
    assert [dataset[KeyedIndex(i, i)] for i in reversed(range(10))] == forward[::-1]
    assert len({sample['value'] for sample in forward}) == 10
    assert dataset[KeyedIndex(0, 10)]['value'] != forward[0]['value']  # next epoch, new pixels


def test_wrappers_keep_the_key():
    repeated = stream(RepeatDataset(Numbers(4), 3), 24)
    assert {sample['idx'] for sample in repeated} == {0, 1, 2, 3}
    assert len({sample['value'] for sample in repeated}) == 24
    joined = stream(ConcatDataset([Numbers(4), Numbers(6)]), 20)
    assert len({sample['draw'] for sample in joined}) == 20


def test_loading_does_not_disturb_the_training():
    dataset = Numbers()
    KeyedSampler(dataset, seed=3)
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    expected = torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    dataset[KeyedIndex(1, 1)]
    assert (torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random()) == expected


def test_errors():
    with pytest.raises(ValueError, match='train_dataloader.dataset is empty'):
        KeyedSampler([], seed=0)
    with pytest.raises(ValueError, match='num_samples=-1'):
        KeyedSampler(Numbers(), seed=0).skip(-1)


class Mixture:
    """Mixes an image with two partners, and shows what it drew."""

    def get_indices(self, dataset):
        return [random.randint(0, len(dataset)) for _ in range(2)]  # mmseg's own mistake

    def __call__(self, results):
        return dict(results, partners=results['mix_results'], mixed=draw_three())


def mixed(size=4):
    dataset = MultiImageMixDataset(ConcatDataset([Numbers(size), Numbers(size)]), [])
    dataset.pipeline, dataset.pipeline_types = [Mixture()], ['Mixture']
    return dataset


def test_partners_of_a_mixture_are_keyed():
    alone = stream(mixed(), 48)
    assert stream(mixed(), 48, workers=2) == alone
    assert stream(mixed(), 20, workers=1, skip=28) == alone[28:]
    assert stream(mixed(), 48, seed=4) != alone
    dataset = mixed()
    KeyedSampler(dataset, seed=3)
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    expected = draw_three()
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    assert dataset[KeyedIndex(alone[1]['idx'], alone[1]['draw'])] == alone[1]
    assert draw_three() == expected  # the training's own numbers stay as they were
    # Every draw has pixels of its own, those of partners too; all images become partners.
    partners = [one for sample in alone for one in sample['partners']]
    for samples, key in ((alone, 'value'), (alone, 'mixed'), (partners, 'value')):
        assert len({sample[key] for sample in samples}) == len(samples)
    assert len({one['draw'] for one in partners}) == 96
    assert {one['idx'] for one in partners} == {0, 1, 2, 3}


def test_a_mixture_keyed_twice_is_keyed_once():
    dataset = mixed()
    KeyedSampler(dataset, seed=9)
    assert stream(dataset, 24) == stream(mixed(), 24)
    assert dataset[3]['partners']  # a plain index draws from the global generators


@pytest.mark.parametrize('kind', ['fork', pytest.param('spawn', marks=pytest.mark.slow)])
def test_a_mosaic_in_worker_processes(tmp_path, kind):
    """mmseg's own, of degraded images."""
    init_default_scope('mmseg')
    root = make_camvid(tmp_path / 'camvid', images=6)
    loading = [dict(type='LoadImage'), dict(type='LoadMask')]
    loading += [dict(type='RandomFlip', prob=0.5), dict(type='Degrade', kind='awgn', degree=3)]
    leaf = dict(type='CamVidDataset', data_root=str(root), ann_file='train.txt', pipeline=loading)
    pipeline = [
        dict(type='RandomMosaic', prob=1, img_scale=(48, 64)),
        dict(type='RandomCrop', crop_size=(32, 32)),
        dict(type='PackDegradeInputs'),
    ]
    wrapper = dict(type='MultiImageMixDataset', dataset=leaf, pipeline=pipeline)

    def pixels(workers, **kwargs):
        dataset = DATASETS.build(wrapper)
        sampler = KeyedSampler(dataset, seed=0)
        loader = DataLoader(
            dataset, 2, sampler=sampler, num_workers=workers, collate_fn=list, **kwargs
        )
        batches = islice(loader, 6)
        return [
            (one['inputs'].numpy().tobytes(), one['data_samples'].gt_sem_seg.data.numpy().tobytes())
            for batch in batches
            for one in batch
        ]

    alone = pixels(0)
    assert len(set(alone)) == 12
    assert pixels(2, multiprocessing_context=kind) == alone


def test_a_pipeline_that_cannot_be_keyed():
    class Own(MultiImageMixDataset):
        """A user's wrapper may draw anywhere."""

    dataset = mixed()
    dataset.__class__ = Own
    with pytest.raises(TypeError, match=r'Own\.pipeline is a list.*InfiniteSampler'):
        KeyedSampler(dataset, seed=0)
