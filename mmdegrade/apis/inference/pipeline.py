"""The test pipeline of a config, for pictures that belong to no dataset.

mmseg's inferencer looks for ``LoadImageFromFile`` by name and stops at configs that load otherwise
(``LoadImage``), knows of no degradation, and cannot leave out what only datasets have: depth, clean
images, our ``LoadMask``.
"""

from collections.abc import Mapping

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import TRANSFORMS

from mmdegrade.datasets.degradation_cells import CellPipeline
from mmdegrade.datasets.transforms import LoadCleanImage, LoadDepth, LoadImage
from mmdegrade.degradations import Request

# What pictures do not have. LoadMask is a LoadAnnotations.
_OF_DATASETS = (LoadAnnotations, LoadCleanImage, LoadDepth)


class LoadPicture(LoadImage):
    """``LoadImage`` that also takes an image in memory, ``results['img']``: H×W×3 BGR uint8.

    A user's picture may have an alpha channel, a palette or 16 bits; it becomes 8-bit colour.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**{**kwargs, 'check_mode': False})

    def transform(self, results: dict) -> dict:
        image = results.get('img')
        if image is None:
            return super().transform(results)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(
                f'an image of shape {image.shape} and type {image.dtype}; allowed: H×W×3 uint8, '
                'BGR as OpenCV reads it'
            )
        results['img'] = image.astype(np.float32) if self.to_float32 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


def read_degradation(degrade: str | Mapping | None) -> dict:
    """Arguments of ``Degrade`` from ``'gblur:5'``, ``'awgn:sigma=25'``, ``'fog:3:preset=ubcn'``.

    Args:
        degrade: Kind, then a degree, parameters and a preset, separated by colons; or a mapping of
            these; None for none.

    Raises:
        ValueError: An unknown kind, degree, parameter or preset.
        TypeError: Neither text nor mapping.
    """
    if degrade is None:
        return dict(kind='clean')
    if isinstance(degrade, str):
        kind, *rest = degrade.split(':')
        cell = dict(kind=kind)
        for part in rest:
            name, equals, value = part.rpartition('=')
            if equals and not name:
                raise ValueError(f'degrade={degrade!r}: {part!r} names no parameter')
            cell[name or 'degree'] = value if name == 'preset' else _number(value, degrade)
    elif isinstance(degrade, Mapping):
        cell = dict(degrade)
    else:
        raise TypeError(f"degrade={degrade!r}; allowed: 'gblur:5', dict(kind='gblur', degree=5)")
    if cell.get('kind') != 'clean':
        given = {key: value for key, value in cell.items() if key not in ('seed', 'keep_clean')}
        kind, degree, preset = (given.pop(key, None) for key in ('kind', 'degree', 'preset'))
        Request(kind, degree, preset, given)
    return cell


def _number(text: str, degrade: str) -> int | float:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    raise ValueError(
        f'degrade={degrade!r}: {text!r} is no number; write KIND:DEGREE or KIND:NAME=VALUE, for '
        "example 'gblur:5' or 'awgn:sigma=25'"
    )


class PicturePipeline:
    """From a picture to what the model takes.

    Args:
        specs: Configs of the test pipeline's transforms. Its ``Degrade``, if it has one, is
            replaced; in a pipeline without one the image is degraded right after loading.
        degrade (dict): Arguments of ``Degrade``.

    Raises:
        ValueError: As :class:`CellPipeline`.
    """

    def __init__(self, specs, degrade: Mapping) -> None:
        transforms = []
        for spec in specs:
            transform = TRANSFORMS.build(spec)
            if isinstance(transform, _OF_DATASETS):
                continue
            if type(transform) in (LoadImage, LoadImageFromFile):
                options = {key: value for key, value in spec.items() if key != 'type'}
                transform = LoadPicture(**options)
            transforms.append(transform)
        self._cells = CellPipeline(transforms, [degrade])

    def degraded(self, picture: str | np.ndarray | dict) -> dict:
        """Load and degrade: ``results`` with ``img``, H×W×3 BGR on 0–255."""
        if isinstance(picture, dict):
            info = dict(picture)
        else:
            info = dict(img_path=str(picture)) if isinstance(picture, str) else dict(img=picture)
        info.setdefault('img_path', None)
        info.setdefault('seg_fields', [])
        return self._cells.degrade(self._cells.load(info), 0)

    def finish(self, degraded: dict) -> dict:
        """The rest of the pipeline, on what :meth:`degraded` returned."""
        return self._cells.finish(degraded, {})

    def __call__(self, picture: str | np.ndarray | dict) -> dict:
        """``inputs`` and ``data_samples`` of a file, an image, or dict(img, img_path)."""
        return self.finish(self.degraded(picture))
