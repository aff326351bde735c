"""What worker processes do: load an image once, degrade it to every cell, prepare it for models.

An image is decoded once whatever the number of cells and models. Models whose pipelines load and
degrade alike share the degraded image, those whose pipelines are alike to the end the prepared one.
The cells of an image leave the worker in packets of limited size, so that memory does not grow
with their number.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from mmengine.structures import PixelData
from torch.utils.data import IterableDataset, get_worker_info

from mmdegrade.datasets.degradation_cells import CellPipeline

from .input_quality import psnr, ssim

PACKET_BYTES = 16 << 20
PICTURE_WIDTH = 320
# What a file that is damaged or does not fit makes transforms raise (MMCV's uses assert).
_BAD_FILE = (ValueError, OSError, SyntaxError, AssertionError, cv2.error)


@dataclass(frozen=True)
class Job:
    """Images of one batch, and the cells wanted of them."""

    images: tuple[int, ...]
    cells: tuple[int, ...]


@dataclass
class Packet:
    """Some cells of a job.

    Args:
        job: Its place in the list of jobs.
        cells: Which cells.
        items: ``items[cell][view][image]``: what the pipeline packed, for each of ``cells``.
        quality: ``quality[cell][view][image]``: (PSNR, SSIM or None) of the degraded image; None
            for clean ones.
        pictures: ``pictures[cell][image]``: small (clean, degraded) pictures, if asked for.
        error: (file, what is wrong with it); everything else is empty then.
    """

    job: int
    cells: list[int] = field(default_factory=list)
    items: list = field(default_factory=list)
    quality: list = field(default_factory=list)
    pictures: list = field(default_factory=list)
    error: tuple[str, str] | None = None


class Views:
    """The different pipelines of the models of a grid.

    Args:
        contestants: The models.
        cells: Arguments of ``Degrade``.

    ``of[m]`` is the view of model m, ``group[v]`` the first view that loads and degrades like v.
    """

    def __init__(self, contestants: Sequence, cells: Sequence[dict]) -> None:
        self.pipelines: list[CellPipeline] = []
        self.of: list[int] = []
        self.group: list[int] = []
        texts, heads = [], []
        for model in contestants:
            if model.specs in texts:
                self.of.append(texts.index(model.specs))
                continue
            pipeline = CellPipeline(model.transforms, cells)
            own = [(degrade.seed, degrade.keep_clean) for degrade in pipeline.degrades]
            head = (model.specs[: len(pipeline.head)], own)
            self.of.append(len(self.pipelines))
            self.group.append(heads.index(head) if head in heads else len(self.pipelines))
            texts.append(model.specs)
            heads.append(head)
            self.pipelines.append(pipeline)


class GridImages(IterableDataset):
    """Packets of a list of jobs; the jobs of a worker are every n-th one.

    Args:
        dataset: A built dataset; only its list is used.
        views: Pipelines.
        jobs: What to load.
        with_ssim: Also measure SSIM.
        with_pictures: Also make small pictures.
    """

    def __init__(
        self, dataset, views: Views, jobs, with_ssim: bool = False, with_pictures: bool = False
    ) -> None:
        self.dataset = dataset
        self.views = views
        self.jobs = jobs
        self.with_ssim = with_ssim
        self.with_pictures = with_pictures

    def __iter__(self) -> Iterator[Packet]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for number in range(first, len(self.jobs), step):
            for packet in self._packets(number):
                yield packet if worker is None or packet.error else freeze(packet)

    def _packets(self, number: int) -> Iterator[Packet]:
        job = self.jobs[number]
        infos = [self.dataset.get_data_info(index) for index in job.images]
        at = 0
        try:
            loaded = {}  # (group, image) -> results
            for group in set(self.views.group):
                for at, info in enumerate(infos):
                    loaded[group, at] = self.views.pipelines[group].load(copy.deepcopy(info))
            masks = [[{} for _ in infos] for _ in self.views.pipelines]
            packet, size = Packet(number), 0
            for cell in job.cells:
                prepared, quality, pictures = [], [], []
                for at in range(len(infos)):
                    items, measured, picture = self._prepare(loaded, masks, cell, at)
                    prepared.append(items)
                    quality.append(measured)
                    pictures.append(picture)
                packet.cells.append(cell)
                packet.items.append([list(view) for view in zip(*prepared, strict=True)])
                packet.quality.append([list(view) for view in zip(*quality, strict=True)])
                packet.pictures.append(pictures)
                size += sum(_bytes(item) for items in prepared for item in items)
                if size >= PACKET_BYTES:
                    yield packet
                    packet, size = Packet(number), 0
            if packet.cells:
                yield packet
        except _BAD_FILE as error:
            file = infos[at].get('img_path', f'image {job.images[at]}')
            yield Packet(number, error=(str(file), f'{type(error).__name__}: {error}'))

    def _prepare(self, loaded: dict, masks: list, cell: int, at: int) -> tuple:
        """One image in one cell, for every view: items, quality, picture."""
        degraded, measured = {}, {}
        items, quality = [], []
        for view, pipeline in enumerate(self.views.pipelines):
            group = self.views.group[view]
            if group == view:
                degraded[group] = pipeline.degrade(loaded[group, at], cell)
                clean = loaded[group, at]['img']
                measured[group] = self._measure(pipeline, degraded[group]['img'], clean, cell)
            # What follows may replace entries, so every view gets a dict and an image of its own.
            own = dict(degraded[group], img=np.array(degraded[group]['img']))
            items.append(pipeline.finish(own, masks[view][at]))
            quality.append(measured[group])
        pictures = None
        if self.with_pictures:
            pictures = small(loaded[0, at]['img']), small(degraded[0]['img'])
        return items, quality, pictures

    def _measure(self, pipeline: CellPipeline, degraded, clean, cell: int):
        if pipeline.degrades[cell].kind == 'clean':
            return None, None
        return psnr(degraded, clean), ssim(degraded, clean) if self.with_ssim else None


def small(image: np.ndarray) -> np.ndarray:
    """A picture of at most ``PICTURE_WIDTH`` pixels' width: H×W×3 uint8 BGR."""
    image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    if image.shape[1] <= PICTURE_WIDTH:
        return image
    height = max(1, round(image.shape[0] * PICTURE_WIDTH / image.shape[1]))
    return cv2.resize(image, (PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA)


def _bytes(item: dict) -> int:
    inputs = item['inputs']
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return sum(part.numel() * part.element_size() for part in inputs)


def freeze(packet: Packet) -> Packet:
    """Put a packet into few tensors: each that leaves a process costs a file descriptor.

    Images of one shape and type become one tensor; a mask that all cells of an image share is
    kept once. :func:`thaw` undoes it.
    """
    stacks: dict[tuple, list[torch.Tensor]] = {}
    truths: dict[tuple, torch.Tensor] = {}
    for views in packet.items:
        for view, images in enumerate(views):
            for at, item in enumerate(images):
                inputs, sample = item['inputs'], item['data_samples']
                if isinstance(inputs, torch.Tensor):
                    key = (tuple(inputs.shape), inputs.dtype)
                    stack = stacks.setdefault(key, [])
                    item['inputs'] = (key, len(stack))
                    stack.append(inputs)
                if not isinstance(sample, list) and 'gt_sem_seg' in sample:
                    truth = sample.gt_sem_seg.data
                    first = truths.setdefault((view, at), truth)
                    if torch.equal(first, truth):
                        del sample.gt_sem_seg
                        item['truth'] = (view, at)
    packet.items = (packet.items, {k: torch.stack(v) for k, v in stacks.items()}, truths)
    return packet


def thaw(packet: Packet) -> Packet:
    """Undo :func:`freeze`; a packet that was not frozen stays what it is."""
    if isinstance(packet.items, list):
        return packet
    packet.items, stacks, truths = packet.items
    for views in packet.items:
        for images in views:
            for item in images:
                if isinstance(item['inputs'], tuple):
                    key, place = item['inputs']
                    item['inputs'] = stacks[key][place]
                if 'truth' in item:
                    truth = truths[item.pop('truth')]
                    item['data_samples'].gt_sem_seg = PixelData(data=truth)
    return packet
