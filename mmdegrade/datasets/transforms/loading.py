"""Load images that are whole, and masks of their size with labels of their classes."""

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine.registry import TRANSFORMS
from mmseg.datasets.transforms import LoadAnnotations

from .image_files import CorruptFileError, decode, read_file, wrong_mode


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """MMCV's ``LoadImageFromFile`` that refuses what decoders take in silence.

    Sets ``img`` (H×W×3 BGR uint8, or float32 on 0-255 with ``to_float32``).

    Args:
        check_mode (bool): Refuse images with a palette, an alpha channel or 16 bits a channel,
            which decoding would turn into 8-bit colour (with ``color_type='color'`` only; grey
            images are repeated on three channels). Defaults to True.
        **kwargs: Arguments of ``LoadImageFromFile``.

    Raises:
        CorruptFileError: A ``ValueError``: the file is truncated, empty, undecodable or of the
            wrong mode; names it. In training with ``KeyedSampler`` the sample is replaced.
        MissingFileError: The same, and a ``FileNotFoundError``: the file is not there.
    """

    check_mode = True

    def __init__(self, *args, check_mode: bool = True, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.check_mode = check_mode

    def transform(self, results: dict) -> dict | None:
        img = self.read(results['img_path'])
        results['img'] = img
        results['img_shape'] = results['ori_shape'] = img.shape[:2]
        return results

    def read(self, path: str) -> np.ndarray:
        """Decode one file: H×W×3, BGR."""
        data = read_file(path, 'image', self.backend_args)
        found = wrong_mode(data) if self.check_mode and self.color_type == 'color' else None
        img = decode(data, path, 'image', self.color_type, self.imdecode_backend)
        if found:
            raise CorruptFileError(
                f'image file {path} has {found}, 8-bit colour or grey is expected: convert it, '
                'take it off the list, or let LoadImage(check_mode=False) convert such images',
                path,
            )
        if self.to_float32:
            img = img.astype(np.float32)
        return img


@TRANSFORMS.register_module()
class LoadMask(LoadAnnotations):
    """mmseg's ``LoadAnnotations`` that checks the mask: its size, its mode, its labels.

    Size is compared with the image as it was on disk. Labels are those after ``label_map`` and
    ``reduce_zero_label``; a label beyond the classes would be an index out of range in the loss, or
    a pixel that a metric leaves out in silence.

    Args:
        num_classes (int, optional): Labels from 0 up to this are allowed. Defaults to those of the
            dataset, which ``KeyedSampler`` and ``DegradeRunner`` fill in; anywhere else labels are
            not checked.
        ignore_index (int): Allowed, too; so is 255. Filled in likewise from
            ``dataset.ignore_index``. Defaults to 255.
        **kwargs: Arguments of ``LoadAnnotations``.

    Raises:
        CorruptFileError: A ``ValueError``: the mask is unreadable, of another size than the image,
            of several channels, or has a label that is no class; names the file. In training with
            ``KeyedSampler`` the sample is replaced.
        MissingFileError: The same, and a ``FileNotFoundError``: the file is not there.
        ValueError: ``reduce_zero_label`` differs from the dataset's.
    """

    num_classes: int | None = None
    ignore_index = 255

    def __init__(self, num_classes: int | None = None, ignore_index: int = 255, **kwargs) -> None:
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.ignore_index = ignore_index

    def _load_seg_map(self, results: dict) -> None:
        path = results['seg_map_path']
        data = read_file(path, 'mask', self.backend_args)
        labels = decode(data, path, 'mask', 'unchanged', self.imdecode_backend)
        if labels.ndim == 3 and labels.shape[2] == 1:
            labels = labels[..., 0]
        _check_shape(labels, results)
        labels = self._final(_as_uint8(labels, path), results)
        self._check_labels(labels, path)
        results['gt_seg_map'] = labels
        results['seg_fields'].append('gt_seg_map')

    def _final(self, labels: np.ndarray, results: dict) -> np.ndarray:
        """Labels after ``reduce_zero_label`` and ``label_map``, H×W uint8."""
        reduce_zero = results['reduce_zero_label']
        if self.reduce_zero_label is None:
            self.reduce_zero_label = reduce_zero
        if self.reduce_zero_label != reduce_zero:
            raise ValueError(
                f'LoadMask: reduce_zero_label={self.reduce_zero_label}, and the dataset says '
                f'{reduce_zero}; set it in the dataset only'
            )
        reduced = np.arange(256)
        if reduce_zero:
            reduced = np.where((reduced == 0) | (reduced == 255), 255, reduced - 1)
        table = reduced.copy()
        for old, new in (results.get('label_map') or {}).items():
            table[reduced == old] = new
        if np.array_equal(table, np.arange(256)):
            return labels
        return cv2.LUT(labels, table.astype(np.uint8))

    def _check_labels(self, labels: np.ndarray, path: str) -> None:
        if self.num_classes is None or labels.size == 0 or labels.max() < self.num_classes:
            return
        wrong = (labels >= self.num_classes) & (labels != self.ignore_index) & (labels != 255)
        if not wrong.any():
            return
        found = ', '.join(map(str, np.unique(labels[wrong])))
        raise CorruptFileError(
            f'mask file {path} has the label {found} in {int(wrong.sum())} pixels; allowed: 0 to '
            f'{self.num_classes - 1} and {self.ignore_index} (ignored). Mend the mask or take it '
            'off the list; if the label is meant, correct dataset.metainfo.classes, '
            'dataset.reduce_zero_label or dataset.ignore_index',
            path,
        )


def _check_shape(labels: np.ndarray, results: dict) -> None:
    path, expected = results['seg_map_path'], results.get('ori_shape')
    if labels.ndim == 2 and expected in (None, labels.shape):
        return
    theirs = 'of unknown size' if expected is None else f'{expected[0]}x{expected[1]}'
    raise CorruptFileError(
        f'image and mask differ in size: {results.get("img_path")} is {theirs}, {path} is '
        f'{"x".join(map(str, labels.shape))} (height x width); one label per pixel, single '
        'channel, is needed',
        path,
    )


def _as_uint8(labels: np.ndarray, path: str) -> np.ndarray:
    """Labels as uint8; the stock transform would wrap 256 to 0."""
    if labels.dtype != np.uint8 and labels.size and not (labels.min() >= 0 and labels.max() <= 255):
        raise CorruptFileError(
            f'mask file {path} holds {labels.dtype} from {labels.min()} to {labels.max()}; labels '
            'are 0 to 255: convert it, or take it off the list',
            path,
        )
    return labels.astype(np.uint8)
