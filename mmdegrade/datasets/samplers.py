"""Keyed sampling: every sample carries the number of its draw, and is made from that number.

Stock pipelines draw their crops and flips from the worker's own random stream, so pixels depend
on the number of workers, the rank and on how long the run has been going. Here the sampler
yields integers that carry a *draw number*, and the dataset's pipeline runs with the global
generators seeded from (seed, draw). The pixels of draw 1234 are then the same in any worker,
on any rank, in any order, and in a resumed run.
"""

import random
from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from mmdegrade.degradations import keyed_rng

from .checked_loading import check_loading, leaves
from .corrupt_files import MAX_FILES, replace_corrupt


class KeyedIndex(int):
    """A dataset index that remembers its draw number.

    It is an ``int`` for every purpose. Arithmetic keeps the draw number, because dataset
    wrappers (``RepeatDataset``: ``idx % len``; ``ConcatDataset``: ``idx - offset``) compute the
    index they hand on.

    Attributes:
        draw (int): Number of the draw: ``epoch * len(dataset) + index``, unique in a run.
    """

    draw: int

    def __new__(cls, index: int, draw: int) -> 'KeyedIndex':
        self = super().__new__(cls, index)
        self.draw = int(draw)
        return self

    def with_index(self, index: int) -> 'KeyedIndex':
        """Another index of the same draw."""
        return KeyedIndex(index, self.draw)

    def __reduce__(self):  # the default would lose ``draw`` on the way to a worker process
        return KeyedIndex, (int(self), self.draw)

    def __add__(self, other):
        return KeyedIndex(int(self) + int(other), self.draw)

    __radd__ = __add__

    def __sub__(self, other):
        return KeyedIndex(int(self) - int(other), self.draw)

    def __mod__(self, other):
        return KeyedIndex(int(self) % int(other), self.draw)


class KeyedPipeline:
    """A dataset pipeline run with random generators seeded from (seed, draw number).

    The states of ``random``, ``numpy.random`` and torch's CPU generator are put back
    afterwards, so that with ``num_workers=0`` loading data does not disturb the training.

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
        states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
        rng = keyed_rng('pipeline', self.seed, draw)
        words = [int(word) for word in rng.integers(0, 2**32, size=3)]
        random.seed(words[0])
        np.random.seed(words[1])
        torch.random.default_generator.manual_seed(words[2])
        try:
            return self.pipeline(results)
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.random.set_rng_state(states[2])


def _key_pipelines(dataset, seed: int) -> int:
    """Wrap the pipeline of ``dataset`` and of the datasets inside it; return how many."""
    inner = [dataset.dataset] if hasattr(dataset, 'dataset') else []
    inner += list(getattr(dataset, 'datasets', []))
    wrapped = sum(_key_pipelines(child, seed) for child in inner)
    pipeline = getattr(dataset, 'pipeline', None)
    if isinstance(pipeline, KeyedPipeline):
        pipeline = pipeline.pipeline
    if pipeline is not None:
        dataset.pipeline = KeyedPipeline(pipeline, seed)
        wrapped += 1
    return wrapped


@DATA_SAMPLERS.register_module()
class KeyedSampler(Sampler):
    """Endless sampler of :class:`KeyedIndex`, for iteration-based training.

    Building it also seeds the dataset's pipeline per sample (see :class:`KeyedPipeline`), so
    ``sampler=dict(type='KeyedSampler')`` in any config is all that reproducible pixels need.

    Epoch ``e`` is the permutation drawn from (seed, e). The stream of all epochs is dealt to the
    ranks in turn: two processes with two images each see, at every iteration, the four images
    that one process with four would see.

    Args:
        dataset (Sized): The dataset, any MMEngine dataset or wrapper.
        shuffle (bool): False keeps the order of the dataset in every epoch. Defaults to True.
        seed (int, optional): Seed of the run; MMEngine hands on ``randomness.seed``. None draws
            one and shares it between the ranks.
        max_corrupt (int): So many corrupt files are named in the log and replaced by other samples
            before the training stops (see ``corrupt_files.py``); 0 stops at the first. The runner
            sets it from the config's ``corrupt_data.max_files``. Defaults to 10.

    Raises:
        ValueError: The dataset is empty, or ``max_corrupt`` negative.
    """

    def __init__(
        self,
        dataset,
        shuffle: bool = True,
        seed: int | None = None,
        max_corrupt: int = MAX_FILES,
    ) -> None:
        if len(dataset) == 0:
            raise ValueError(
                'train_dataloader.dataset is empty: check its data_root, data_prefix and ann_file'
            )
        self.dataset = dataset
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else int(seed)
        self.rank, self.world_size = get_dist_info()
        self.size = len(dataset)
        self.consumed = 0
        check_loading(dataset)
        _key_pipelines(dataset, self.seed)
        self.corrupt_files = replace_corrupt(leaves(dataset), self.seed, max_corrupt)

    def skip(self, num_samples: int) -> None:
        """Start after the first ``num_samples`` indices of this rank (used on resume).

        Costs one permutation whatever the number, and loads no data.
        """
        if num_samples < 0:
            raise ValueError(f'num_samples={num_samples} must not be negative')
        self.consumed = int(num_samples)

    def _order(self, epoch: int) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.size)
        return keyed_rng('sampler', self.seed, epoch).permutation(self.size)

    def __iter__(self) -> Iterator[KeyedIndex]:
        order, known_epoch = None, None
        for position in count(self.consumed * self.world_size + self.rank, self.world_size):
            epoch, place = divmod(position, self.size)
            if epoch != known_epoch:
                order, known_epoch = self._order(epoch), epoch
            index = int(order[place])
            yield KeyedIndex(index, draw=epoch * self.size + index)

    def __len__(self) -> int:
        """Length of the dataset, as MMEngine's InfiniteSampler reports it."""
        return self.size

    def set_epoch(self, epoch: int) -> None:
        """Part of the sampler protocol; the stream is endless and counts its own epochs."""
