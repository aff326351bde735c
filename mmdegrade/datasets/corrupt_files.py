"""Training on data of which some files are corrupt: name them, count them, go on without them.

MMEngine's datasets draw another sample at random when a pipeline gives None: nothing is counted,
nothing is named, and pixels then depend on the worker. Here a sample with a file that cannot be
used (``CorruptFileError``) is replaced by one drawn from (seed, draw, attempt) alone, as all else
of a ``KeyedSampler``, and the training stops when more files are corrupt than allowed.
"""

from __future__ import annotations

import logging
from itertools import count

import torch
from mmengine.dist import get_rank
from mmengine.logging import print_log

from mmdegrade.degradations import keyed_rng
from mmdegrade.degradations.parameters import is_integer

from .keyed_pipeline import keyed_generators
from .transforms.image_files import CorruptFileError

#: How many corrupt files a training goes on without.
MAX_FILES = 10
_LISTED = 50


class TooManyCorruptFilesError(RuntimeError):
    """More files of the training data are corrupt than ``corrupt_data.max_files`` allows."""


def checked_limit(max_files: int) -> int:
    """``max_files`` if it is a limit.

    Raises:
        ValueError: It is negative or no integer.
    """
    if not is_integer(max_files, 0):
        raise ValueError(
            f'corrupt_data.max_files={max_files!r}; allowed: 0 (stop at the first corrupt file) or '
            'a positive integer'
        )
    return max_files


class CorruptFiles:
    """What is known of corrupt files of a training's datasets, shared by its worker processes.

    A byte of shared memory for each sample says that one of its files is corrupt. Setting it twice
    is setting it once, so no lock is needed; a process learns which files it were by loading those
    samples itself, when it meets a corrupt one that is new. Workers that end take nothing with
    them. Each rank counts on its own.

    Args:
        datasets (list): Leaf datasets with MMEngine's ``prepare_data``.
        seed (int): Seed of the run.
        max_files (int): So many corrupt files are allowed; 0 stops at the first.

    Raises:
        ValueError: ``max_files`` is negative or no integer.
    """

    def __init__(self, datasets: list, seed: int, max_files: int = MAX_FILES) -> None:
        self.seed = seed
        self.max_files = checked_limit(max_files)
        self.datasets = datasets
        self.flags = [torch.zeros(len(one), dtype=torch.uint8) for one in datasets]
        for flags in self.flags:
            flags.share_memory_()
        self._known: dict[tuple[int, int], CorruptFileError | None] = {}

    def load(self, number: int, index):
        """``prepare_data`` of dataset ``number``, of a replacement if a file is corrupt.

        Args:
            number (int): Place in ``datasets``.
            index (int): Of the sample; a ``KeyedIndex`` brings its draw.

        Raises:
            TooManyCorruptFilesError: This file is one too many; or every sample has one.
        """
        dataset, flags = self.datasets[number], self.flags[number]
        # An index without a draw (ClassBalancedDataset computes plain ones) stands for itself.
        draw = getattr(index, 'draw', int(index))
        for attempt in count():
            try:
                return type(dataset).prepare_data(dataset, index)
            except CorruptFileError as error:
                self._report(number, int(index), error)
            if flags.all():
                raise TooManyCorruptFilesError(
                    f'every sample of {type(dataset).__name__} has a corrupt file:\n'
                    f'{self._listing(self._files())}'
                )
            rng = keyed_rng('replacement of a corrupt file', self.seed, number, draw, attempt)
            place = int(rng.integers(len(dataset)))
            index = index.with_index(place) if hasattr(index, 'with_index') else place

    def _report(self, number: int, index: int, error: CorruptFileError) -> None:
        """Name a corrupt file that is new, and count it."""
        if self.flags[number][index]:
            self._known.setdefault((number, index), error)
            return
        before = self._files()
        self.flags[number][index] = 1
        self._known[number, index] = error
        files = self._files()
        if len(files) > self.max_files:
            raise TooManyCorruptFilesError(
                f'{len(files)} corrupt files in the training data, and '
                f'corrupt_data.max_files={self.max_files} allows no more:\n'
                f'{self._listing(files)}\nList all of them with `python tools/check_data.py '
                'CONFIG`, mend them or take them off the list; or raise corrupt_data.max_files'
            )
        if len(files) == len(before):
            return  # the file of another sample, named before
        print_log(
            f'corrupt file, {len(files)} so far (corrupt_data.max_files={self.max_files}); another '
            f'sample takes its place: {error}',
            logger='current',
            # MMEngine shows nothing below ERROR of ranks other than the first.
            level=logging.WARNING if get_rank() == 0 else logging.ERROR,
        )

    def _files(self) -> dict[str, str]:
        """Corrupt files found by any process: path and message."""
        found = {}
        for number, flags in enumerate(self.flags):
            # A copy: nonzero() counts first, and fails if a worker sets a flag before it collects.
            for index in flags.clone().nonzero().flatten().tolist():
                if (number, index) not in self._known:
                    self._known[number, index] = self._try(number, index)
                error = self._known[number, index]
                path = error and error.path
                if path is None:
                    path = str(self.datasets[number].get_data_info(index).get('img_path'))
                found[path] = str(error or f'{path} could not be read by another worker process')
        return found

    def _try(self, number: int, index: int) -> CorruptFileError | None:
        """Load a sample that another process found corrupt, for the message."""
        dataset = self.datasets[number]
        try:
            # What other workers found must not change the random numbers of this one.
            with keyed_generators('message of a corrupt file', self.seed, number, index):
                type(dataset).prepare_data(dataset, index)
        except CorruptFileError as error:
            return error
        return None

    @staticmethod
    def _listing(files: dict[str, str]) -> str:
        lines = [f'  {message}' for message in list(files.values())[:_LISTED]]
        if len(files) > _LISTED:
            lines.append(f'  … and {len(files) - _LISTED} more')
        return '\n'.join(lines)


class _PrepareData:
    """``prepare_data`` of a dataset that replaces samples with corrupt files."""

    def __init__(self, files: CorruptFiles, number: int) -> None:
        self.files = files
        self.number = number

    def __call__(self, index):
        return self.files.load(self.number, index)


def replace_corrupt(datasets, seed: int, max_files: int = MAX_FILES) -> CorruptFiles:
    """Make training datasets replace samples with corrupt files. In place; twice is once.

    Datasets in test mode, and those that are not MMEngine's, are left alone: they raise.

    Args:
        datasets: Leaf datasets; one may occur more than once.
        seed (int): Seed of the run.
        max_files (int): So many corrupt files are allowed in all of them together.

    Returns:
        CorruptFiles: What is found, shared by the datasets.
    """
    different = {id(one): one for one in datasets}.values()
    training = [
        one
        for one in different
        if hasattr(type(one), 'prepare_data') and not getattr(one, 'test_mode', False)
    ]
    files = CorruptFiles(training, seed, max_files)
    for number, dataset in enumerate(training):
        dataset.prepare_data = _PrepareData(files, number)
    return files
