"""Pipelines whose random numbers are a function of (seed, draw number) alone.

Besides the pipelines of datasets there is one of a wrapper: mmseg's ``MultiImageMixDataset`` draws
partners for an image (``RandomMosaic``: three) and mixes them. Which partners, their own crops and
flips, and the mixture are keyed as well; every partner is loaded as a draw of its own.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from mmseg.datasets import MultiImageMixDataset

from mmdegrade.degradations import keyed_rng

from .keyed_index import KeyedIndex


@contextmanager
def keyed_generators(*key) -> Iterator[None]:
    """Seed the global random generators from ``key`` inside, and put them back afterwards.

    These are the generators of ``random``, ``numpy.random`` and torch on the CPU.

    Args:
        *key: What :func:`~mmdegrade.degradations.keyed_rng` takes.
    """
    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    words = [int(word) for word in keyed_rng(*key).integers(0, 2**32, size=3)]
    random.seed(words[0])
    np.random.seed(words[1])
    torch.random.default_generator.manual_seed(words[2])
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.random.set_rng_state(states[2])


class KeyedPipeline:
    """A dataset pipeline run with random generators seeded from (seed, draw number).

    The global generators are put back afterwards, so that with ``num_workers=0`` loading data does
    not disturb the training.

    Args:
        pipeline (Callable): The dataset's own pipeline.
        seed (int): Seed of the run.
    """

    def __init__(self, pipeline, seed: int) -> None:
        self.pipeline = pipeline
        self.seed = seed

    def __getattr__(self, name):  # ``dataset.pipeline.transforms`` keeps working
        if name in ('pipeline', '__setstate__', '__getstate__'):
            raise AttributeError(name)
        return getattr(self.pipeline, name)

    def __call__(self, results: dict):
        draw = getattr(results.get('sample_idx'), 'draw', None)
        if draw is None:
            return self.pipeline(results)
        with keyed_generators('pipeline', self.seed, draw):
            return self.pipeline(results)


class KeyedMixDataset(MultiImageMixDataset):
    """``MultiImageMixDataset`` that draws partners and mixtures from (seed, draw number)."""

    seed: int

    def __getitem__(self, idx):
        draw = getattr(idx, 'draw', None)
        if draw is None:
            return super().__getitem__(idx)
        with keyed_generators('mixed images', self.seed, draw):
            return super().__getitem__(idx)


class KeyedPartners:
    """A mixing transform whose partners are draws of their own.

    A plain index would bring the same degradation every time (see ``Degrade``).

    Args:
        transform (Callable): It has ``get_indices(dataset)``.
    """

    def __init__(self, transform) -> None:
        self.transform = transform

    def get_indices(self, dataset) -> list[KeyedIndex]:
        """Partners for one image. The generators are those of :class:`KeyedMixDataset`."""
        indices = self.transform.get_indices(dataset)
        if not isinstance(indices, Sequence):
            indices = [indices]
        # mmseg's RandomMosaic also draws len(dataset), one more than the last index.
        return [
            KeyedIndex(int(index) % len(dataset), draw=np.random.randint(2**62, dtype=np.int64))
            for index in indices
        ]

    def __call__(self, results: dict):
        return self.transform(results)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.transform!r})'


def key_pipelines(dataset, seed: int) -> int:
    """Key the pipelines of ``dataset`` and of the datasets inside it. In place; twice is once.

    Args:
        dataset: A built dataset or wrapper.
        seed (int): Seed of the run.

    Returns:
        int: How many pipelines there are.

    Raises:
        TypeError: A wrapper with a pipeline of its own that is not mmseg's.
    """
    inner = [dataset.dataset] if hasattr(dataset, 'dataset') else []
    inner += list(getattr(dataset, 'datasets', []))
    keyed = sum(key_pipelines(child, seed) for child in inner)
    pipeline = getattr(dataset, 'pipeline', None)
    if pipeline is None:
        return keyed
    if type(dataset) in (MultiImageMixDataset, KeyedMixDataset):
        # The loader holds this very object, and Python looks __getitem__ up on the class.
        dataset.__class__ = KeyedMixDataset
        dataset.seed = seed
        for place, transform in enumerate(pipeline):
            if hasattr(transform, 'get_indices') and not isinstance(transform, KeyedPartners):
                pipeline[place] = KeyedPartners(transform)
    elif not callable(pipeline):
        raise TypeError(
            f'train_dataloader.sampler=KeyedSampler: {type(dataset).__name__}.pipeline is a '
            f'{type(pipeline).__name__} and cannot be called, so its random numbers cannot be tied '
            'to the draw. Allowed: datasets with a callable pipeline (Compose), '
            'MultiImageMixDataset; or train_dataloader.sampler.type=InfiniteSampler, whose pixels '
            'depend on the number of workers'
        )
    else:
        if isinstance(pipeline, KeyedPipeline):
            pipeline = pipeline.pipeline
        dataset.pipeline = KeyedPipeline(pipeline, seed)
    return keyed + 1
