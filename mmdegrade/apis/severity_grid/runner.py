"""Predict what is missing of a grid, in one process or several, and keep the counts."""

import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.dist import all_gather_object, broadcast_object_list, get_rank, get_world_size
from mmengine.runner.amp import autocast
from torch.utils.data import DataLoader

from .counts import count_pixels
from .journal import Journal, Record
from .loading import GridImages, Job, Packet, Views, thaw
from .quick_argmax import quick_argmax


class Grid:
    """Models × cells × images, and where the counts of each prediction are kept.

    Args:
        contestants: The models.
        dataset: A built dataset; its list of images is used, the models prepare them.
        cells: Arguments of ``Degrade``.
        cell_keys, image_keys: Hashes of the cells and images.
        classes: Names of the classes.
        journal: Where counts are kept.
        at_once: Cells of an image that a model predicts in one batch.
        with_ssim: Also measure SSIM of the inputs.
    """

    def __init__(
        self,
        contestants: Sequence,
        dataset,
        cells: Sequence[dict],
        cell_keys: Sequence[str],
        image_keys: Sequence[str],
        classes: Sequence[str],
        journal: Journal,
        at_once: int = 1,
        with_ssim: bool = False,
    ) -> None:
        self.contestants = list(contestants)
        self.dataset = dataset
        self.cells = list(cells)
        self.cell_keys = list(cell_keys)
        self.image_keys = list(image_keys)
        self.classes = list(classes)
        self.journal = journal
        self.at_once = at_once
        self.with_ssim = with_ssim
        self.model_keys = [model.key(classes, at_once) for model in contestants]
        self.views = Views(contestants, cells)

    def key(self, model: int, cell: int, image: int) -> tuple[str, str, str]:
        """Key of a prediction in the journal."""
        return self.model_keys[model], self.cell_keys[cell], self.image_keys[image]

    def is_done(self, model: int, cell: int, image: int) -> bool:
        """Whether a prediction is in the journal, with all that is wanted of it."""
        record = self.journal.records.get(self.key(model, cell, image))
        wants_ssim = self.with_ssim and self.cells[cell]['kind'] != 'clean'
        return record is not None and not (wants_ssim and record.ssim is None)

    def missing(self) -> list[tuple[Job, dict[int, tuple[int, ...]]]]:
        """Jobs that are left, each with the models that lack each of its cells.

        A job holds whole batches of every model, in the order of the dataset, so that a model
        meets the batches of ``tools/test.py``.
        """
        step = math.lcm(*(model.batch_size for model in self.contestants))
        found = []
        for first in range(0, len(self.image_keys), step):
            images = tuple(range(first, min(first + step, len(self.image_keys))))
            lacking = {}
            for cell in range(len(self.cells)):
                models = tuple(
                    model
                    for model in range(len(self.contestants))
                    if not all(self.is_done(model, cell, image) for image in images)
                )
                if models:
                    lacking[cell] = models
            if lacking:
                found.append((Job(images, tuple(lacking)), lacking))
        return found

    def run(self, workers: int = 0, progress: Callable[[int, int], None] | None = None) -> int:
        """Predict what is missing; afterwards the journal of rank 0 holds all.

        Several processes (``torch.distributed`` started before) share the images.

        Args:
            workers: Processes that load and degrade, for each process that predicts.
            progress: Called with (done, all) predictions of all processes together; the others'
                share is taken to come along as this one's.

        Returns:
            int: Predictions made, in all processes.

        Raises:
            ValueError: An image or mask cannot be used, or a prediction is none; names the file.
            OSError: The journal cannot be written.
        """
        shared = [self.missing() if get_rank() == 0 else None]
        broadcast_object_list(shared)
        sizes = [len(job.images) * sum(map(len, lacks.values())) for job, lacks in shared[0]]
        todo = shared[0][get_rank() :: get_world_size()]
        own = sum(sizes[get_rank() :: get_world_size()])
        done = 0
        with quick_argmax(*(model.network for model in self.contestants)):
            for packet in load(self, [job for job, _ in todo], workers):
                job, lacking = todo[packet.job]
                for count in self._predict(packet, job, lacking):
                    done += count
                    if progress is not None:
                        progress(round(sum(sizes) * done / own), sum(sizes))
        if get_world_size() > 1:
            self.journal.merge(all_gather_object(self.journal.new))
        return sum(sizes)

    def predict_one(self) -> None:
        """Make the first predictions that are missing: one batch of each model."""
        job, lacking = self.missing()[0]
        cell = job.cells[0]
        with quick_argmax(*(model.network for model in self.contestants)):
            for packet in load(self, [Job(job.images, (cell,))], 0):
                for _ in self._predict(packet, job, {cell: lacking[cell]}):
                    pass

    def _predict(self, packet: Packet, job: Job, lacking: dict) -> Iterator[int]:
        """Predict the cells of a packet, and yield the number of predictions after each step."""
        for model, contestant in enumerate(self.contestants):
            places = [at for at, cell in enumerate(packet.cells) if model in lacking[cell]]
            for start in range(0, len(places), self.at_once):
                group = places[start : start + self.at_once]
                for image in range(0, len(job.images), contestant.batch_size):
                    span = range(image, min(image + contestant.batch_size, len(job.images)))
                    yield self._predict_batch(packet, job, model, group, span)

    def _predict_batch(self, packet: Packet, job: Job, model: int, places, span) -> int:
        view = self.views.of[model]
        wanted = [(at, image) for at in places for image in span]
        items = [packet.items[at][view][image] for at, image in wanted]
        contestant = self.contestants[model]
        samples = predict(contestant, items)
        for (at, image), sample in zip(wanted, samples, strict=True):
            quality = packet.quality[at][view][image]
            try:
                counts = self.count(contestant, sample)
            except ValueError as error:
                raise ValueError(f'{contestant.name}, {sample.get("img_path")}: {error}') from error
            key = self.key(model, packet.cells[at], job.images[image])
            self.journal.add(key, Record(counts, *quality))
        return len(wanted)

    def count(self, contestant, sample) -> np.ndarray:
        """Pixel counts of a prediction."""
        if 'gt_sem_seg' not in sample:
            raise ValueError(
                'there is no mask: the test pipeline needs LoadAnnotations (or LoadMask)'
            )
        return count_pixels(
            sample.pred_sem_seg.data.squeeze(),
            sample.gt_sem_seg.data.squeeze(),
            len(self.classes),
            contestant.ignore_index,
        )


def load(grid: Grid, jobs: list[Job], workers: int, with_pictures: bool = False):
    """Packets of jobs, from worker processes.

    Raises:
        ValueError: A file cannot be used.
    """
    images = GridImages(grid.dataset, grid.views, jobs, grid.with_ssim, with_pictures)
    workers = min(workers, len(jobs))
    loader = DataLoader(
        images,
        batch_size=None,
        num_workers=workers,
        collate_fn=_as_it_is,
        worker_init_fn=_start_worker,
        prefetch_factor=2 if workers else None,
    )
    for packet in loader:
        if packet.error:
            file, reason = packet.error
            raise ValueError(f'{file}: {reason}. What was predicted before is kept')
        yield thaw(packet)


def predict(contestant, items: list[dict]) -> list:
    """Predictions of packed items, as ``tools/test.py`` makes them; the items stay as they are."""
    fresh = [dict(item, data_samples=_copy(item['data_samples'])) for item in items]
    with torch.no_grad(), autocast(enabled=contestant.fp16):
        return contestant.network.test_step(pseudo_collate(fresh))


def _copy(sample):
    """A sample that a model may write to; tensors are shared, they are replaced, not changed."""
    return [one.new() for one in sample] if isinstance(sample, list) else sample.new()


def _as_it_is(packet):
    return packet


def _start_worker(number: int) -> None:
    cv2.setNumThreads(0)  # one process, one thread: as many processes as cores
