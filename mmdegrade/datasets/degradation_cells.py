"""One image, decoded once, under several degradations: what an evaluation over a grid loads."""

import copy

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmseg.datasets.transforms import LoadAnnotations
from torch.utils.data import Dataset

from .checked_loading import check_loading
from .transforms.degrade import Degrade

# Arguments of Degrade that do not change what is done to an image.
_NOT_IN_NAMES = ('kind', 'degree', 'preset', 'seed', 'keep_clean')


def cell_name(cell: dict) -> str:
    """``clean``, ``gblur_5``, ``awgn_sigma25``, ``imagenet-c:fog_3``: how a cell is called."""
    name = f'{cell["preset"]}:{cell["kind"]}' if cell.get('preset') else cell['kind']
    if cell.get('degree') is not None:
        name += f'_{cell["degree"]}'
    plain = {key: cell[key] for key in cell if key not in _NOT_IN_NAMES}
    return name + ''.join(f'_{key}{value}' for key, value in plain.items())


def cell_names(cells) -> list[str]:
    """Names of cells.

    Raises:
        ValueError: No cells, or two of one name.
    """
    if not cells:
        raise ValueError("cells is empty; give at least one, e.g. cells=[dict(kind='clean')]")
    names = [cell_name(cell) for cell in cells]
    if len(set(names)) != len(cells):
        raise ValueError(f'cells must differ, got {names}')
    return names


class CellPipeline:
    """A test pipeline with the place in it where an image is degraded.

    Everything before the pipeline's ``Degrade`` (loading) runs once for an image, everything after
    it once for a cell; masks are read once for an image wherever they are read. A pipeline without
    ``Degrade`` (any stock one) is degraded right after loading, at native resolution. Cells that do
    not say otherwise take ``seed`` and ``keep_clean`` from the ``Degrade`` they replace.

    Args:
        transforms (list): The built transforms.
        cells (list[dict]): Arguments of ``Degrade``.

    Raises:
        ValueError: Several ``Degrade`` in the pipeline (which one is meant?), or no transform that
            loads an image; what ``Degrade`` refuses.
    """

    def __init__(self, transforms: list, cells) -> None:
        self.head, own, self.tail = split_pipeline(transforms)
        inherited = {} if own is None else dict(seed=own.seed, keep_clean=own.keep_clean)
        self.degrades = [Degrade(**{**inherited, **cell}) for cell in cells]

    def load(self, info: dict) -> dict:
        """Run what comes before the degradation; ``info`` is the dataset's, and its own copy."""
        return _run(self.head, info)

    def degrade(self, loaded: dict, cell: int) -> dict:
        """``loaded`` with its image degraded; ``loaded`` stays as it is."""
        # Arrays are replaced, not written to, by all that follows, but for the image itself.
        results = copy.copy(loaded)
        results['img'] = np.array(loaded['img'])
        results['seg_fields'] = list(loaded.get('seg_fields', ()))
        return _run([self.degrades[cell]], results)

    def finish(self, degraded: dict, masks: dict) -> dict:
        """Run what comes after the degradation, on ``degraded`` itself.

        Args:
            degraded: From :meth:`degrade`.
            masks: One dict for all cells of an image, empty at first: keeps what was read.
        """
        results = degraded
        for place, transform in enumerate(self.tail):
            if isinstance(transform, LoadAnnotations):
                results = _read_once(transform, results, masks, place)
            else:
                results = _run([transform], results)
        return results


class DegradationCells(Dataset):
    """A test dataset whose item is a list: the image under each degradation, packed.

    Args:
        dataset: A built mmseg dataset in test mode.
        cells (list[dict]): Arguments of ``Degrade``: kind, degree, preset, parameters, seed.

    Raises:
        ValueError: No cells, two of one name, a wrapper of datasets, or what ``CellPipeline``
            refuses.
    """

    def __init__(self, dataset, cells) -> None:
        self.names = cell_names(cells)
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
        check_loading(dataset)
        self.dataset = dataset
        self.pipeline = CellPipeline(pipeline_of(dataset), cells)

    @property
    def metainfo(self) -> dict:
        """That of the dataset."""
        return self.dataset.metainfo

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> list[dict]:
        loaded = self.pipeline.load(self.dataset.get_data_info(index))
        masks = {}
        return [
            self.pipeline.finish(self.pipeline.degrade(loaded, cell), masks)
            for cell in range(len(self.names))
        ]


def pipeline_of(dataset) -> list:
    """The transforms of a built dataset.

    Raises:
        ValueError: It has none: it is a wrapper.
    """
    transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
    if transforms is None:
        raise ValueError(
            f'{type(dataset).__name__} has no pipeline of its own: test on the datasets inside it, '
            'one at a time'
        )
    return list(transforms)


def _read_once(transform, results: dict, masks: dict, place: int) -> dict:
    """Run a transform that reads a mask, or repeat what it added to the first cell."""
    if place not in masks:
        before = dict(results)
        results = _run([transform], results)
        masks[place] = {
            key: value
            for key, value in results.items()
            if key == 'seg_fields' or key not in before or before[key] is not value
        }
    else:
        results.update(masks[place])
    results['seg_fields'] = list(results.get('seg_fields', ()))
    return results


def _run(transforms: list, results: dict) -> dict:
    for transform in transforms:
        results = transform(results)
        if results is None:
            raise ValueError(f'{type(transform).__name__} gave no result; a test pipeline must')
    return results


def split_pipeline(transforms: list) -> tuple[list, Degrade | None, list]:
    """Transforms before the place where the image is degraded, the ``Degrade`` there, and after.

    Raises:
        ValueError: As :class:`CellPipeline`.
    """
    places = [i for i, part in enumerate(transforms) if isinstance(part, Degrade)]
    if len(places) > 1:
        raise ValueError(
            'the test pipeline has several Degrade; which one the cells replace is open'
        )
    if places:
        return transforms[: places[0]], transforms[places[0]], transforms[places[0] + 1 :]
    for place, part in enumerate(transforms):
        if isinstance(part, LoadImageFromFile):
            return transforms[: place + 1], None, transforms[place + 1 :]
    raise ValueError(
        'the test pipeline loads no image with LoadImage or LoadImageFromFile, so where to degrade '
        f'is open; it has {[type(part).__name__ for part in transforms]}'
    )


def flatten_cells(items: list[list[dict]]) -> list[list[dict]]:
    """Collate function: leaves the samples as they are, one list of cells for each image."""
    return items
