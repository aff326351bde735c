"""Keyed sampling: every sample carries the number of its draw, and is made from that number.

Stock pipelines draw their crops and flips from the worker's own random stream, so pixels depend
on the number of workers, the rank and on how long the run has been going. Here the sampler
yields integers that carry a *draw number*, and the dataset's pipeline runs with the global
generators seeded from (seed, draw). The pixels of draw 1234 are then the same in any worker,
on any rank, in any order, and in a resumed run.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from mmdegrade.degradations import keyed_rng

from .checked_loading import check_loading, leaves
from .corrupt_files import MAX_FILES, replace_corrupt
from .keyed_index import KeyedIndex
from .keyed_pipeline import key_pipelines


@DATA_SAMPLERS.register_module()
class KeyedSampler(Sampler):
    """Endless sampler of :class:`KeyedIndex`, for iteration-based training.

    Building it also seeds the dataset's pipeline per sample (see ``keyed_pipeline.py``), so
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
        TypeError: A wrapper whose own pipeline cannot be keyed.
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
        key_pipelines(dataset, self.seed)
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
