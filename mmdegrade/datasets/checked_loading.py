"""Let a built dataset load with the transforms that check what they read.

Stock pipelines load with ``LoadImageFromFile`` and ``LoadAnnotations``, which take the upper part
of a truncated image, convert any mode in silence and hand on labels that are no class. And a
transform alone does not know how many classes its dataset has.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmcv.transforms import LoadImageFromFile
from mmseg.datasets.transforms import LoadAnnotations

from .transforms.loading import LoadImage, LoadMask


def leaves(dataset) -> Iterator:
    """The datasets inside wrappers (``ConcatDataset``, ``RepeatDataset``), or the dataset."""
    inner = [dataset.dataset] if hasattr(dataset, 'dataset') else []
    inner += list(getattr(dataset, 'datasets', []))
    if not inner:
        yield dataset
    for child in inner:
        yield from leaves(child)


def check_loading(dataset) -> None:
    """Exchange stock loading transforms for ours, and tell masks their classes. In place.

    Pixels and labels of files that are in order stay the same. Transforms derived from the stock
    ones, and settings of theirs that ours do not have (``ignore_empty``, ``file_client_args``),
    are left alone. Doing it twice is doing it once.

    Args:
        dataset: A built dataset or wrapper; one without a pipeline of transforms is left alone.
    """
    for leaf in leaves(dataset):
        transforms = getattr(getattr(leaf, 'pipeline', None), 'transforms', None)
        if not isinstance(transforms, list):
            continue
        classes = (getattr(leaf, 'metainfo', None) or {}).get('classes')
        for place, transform in enumerate(transforms):
            transforms[place] = transform = _checked(transform)
            if isinstance(transform, LoadMask) and transform.num_classes is None and classes:
                transform.num_classes = len(classes)
                transform.ignore_index = getattr(leaf, 'ignore_index', 255)


def _checked(transform):
    """Ours in the place of a stock transform, with its settings."""
    if type(transform) is LoadImageFromFile:
        if transform.ignore_empty or transform.file_client_args is not None:
            return transform
        ours = LoadImage.__new__(LoadImage)
    elif type(transform) is LoadAnnotations:
        ours = LoadMask.__new__(LoadMask)
    else:
        return transform
    vars(ours).update(vars(transform))
    return ours
