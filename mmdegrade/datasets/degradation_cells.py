"""One image, decoded once, under several degradations: what an evaluation over a grid loads."""

import copy

import numpy as np
from mmcv.transforms import LoadImageFromFile
from torch.utils.data import Dataset

from .transforms.degrade import Degrade


def cell_name(cell: dict) -> str:
    """``clean``, ``gblur_5``, ``awgn_sigma25``, ``imagenet-c:fog_3``: how a cell is called."""
    name = f'{cell["preset"]}:{cell["kind"]}' if cell.get('preset') else cell['kind']
    if cell.get('degree') is not None:
        name += f'_{cell["degree"]}'
    plain = {key: cell[key] for key in cell if key not in ('kind', 'degree', 'preset', 'seed')}
    return name + ''.join(f'_{key}{value}' for key, value in plain.items())


class DegradationCells(Dataset):
    """A test dataset whose item is a list: the image under each degradation, packed.

    Everything before the pipeline's ``Degrade`` (loading) runs once for an image, everything
    after it once for a cell. A pipeline without ``Degrade`` (any stock one) is degraded right
    after loading, at native resolution.

    Args:
        dataset: A built mmseg dataset in test mode.
        cells (list[dict]): Arguments of ``Degrade``: kind, degree, preset, parameters, seed.

    Raises:
        ValueError: No cells, two of one name, several ``Degrade`` in the pipeline (which one is
            meant?), or no transform that loads an image.
    """

    def __init__(self, dataset, cells) -> None:
        if not cells:
            raise ValueError("cells is empty; give at least one, e.g. cells=[dict(kind='clean')]")
        self.names = [cell_name(cell) for cell in cells]
        if len(set(self.names)) != len(cells):
            raise ValueError(f'cells must differ, got {self.names}')
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
        self.dataset = dataset
        self.degrades = [Degrade(**cell) for cell in cells]
        self.head, self.tail = _split(list(dataset.pipeline.transforms))

    @property
    def metainfo(self) -> dict:
        """That of the dataset."""
        return self.dataset.metainfo

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> list[dict]:
        loaded = _run(self.head, self.dataset.get_data_info(index))
        items = []
        for degrade in self.degrades:
            # Arrays are replaced, not written to, by all that follows, but for the image itself.
            results = copy.copy(loaded)
            results['img'] = np.array(loaded['img'])
            results['seg_fields'] = list(loaded.get('seg_fields', ()))
            items.append(_run([degrade, *self.tail], results))
        return items


def _run(transforms: list, results: dict) -> dict:
    for transform in transforms:
        results = transform(results)
        if results is None:
            raise ValueError(f'{type(transform).__name__} gave no result; a test pipeline must')
    return results


def _split(transforms: list) -> tuple[list, list]:
    """Transforms before and after the place where the image is degraded."""
    places = [i for i, part in enumerate(transforms) if isinstance(part, Degrade)]
    if len(places) > 1:
        raise ValueError(
            'the test pipeline has several Degrade; which one the cells replace is open'
        )
    if places:
        return transforms[: places[0]], transforms[places[0] + 1 :]
    for place, part in enumerate(transforms):
        if isinstance(part, LoadImageFromFile):
            return transforms[: place + 1], transforms[place + 1 :]
    raise ValueError(
        'the test pipeline loads no image with LoadImage or LoadImageFromFile, so where to degrade '
        f'is open; it has {[type(part).__name__ for part in transforms]}'
    )


def flatten_cells(items: list[list[dict]]) -> list[list[dict]]:
    """Collate function: leaves the samples as they are, one list of cells for each image."""
    return items
