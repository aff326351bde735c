"""Load images that are whole, and masks of their size."""

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmengine.registry import TRANSFORMS
from mmseg.datasets.transforms import LoadAnnotations


def missing_end(data: bytes) -> str | None:
    """Say what a PNG or JPEG file lacks at its end, or None if it looks whole.

    Decoders return the upper part of a truncated file without an error: a grey band that then
    is trained on. PNG ends with an IEND chunk, JPEG with an end-of-image marker; trailing bytes
    after either are common and allowed. Other formats are not checked.
    """
    if data[:8] == b'\x89PNG\r\n\x1a\n' and not _has_png_end(data):
        return 'the IEND chunk of PNG'
    if data[:2] == b'\xff\xd8' and b'\xff\xd9' not in data[_jpeg_scan(data) :]:
        return 'the end-of-image marker of JPEG'
    return None


def _has_png_end(data: bytes) -> bool:
    """Walk the chunks (length, type, payload, checksum) to IEND."""
    at = 8
    while at + 12 <= len(data):
        if data[at + 4 : at + 8] == b'IEND':
            return True
        at += 12 + int.from_bytes(data[at : at + 4], 'big')
    return False


def _jpeg_scan(data: bytes) -> int:
    """Offset of the compressed pixels: a thumbnail in a header has an end marker of its own."""
    at = 2
    while at + 4 <= len(data) and data[at + 1] != 0xDA:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], 'big')
    return at


@TRANSFORMS.register_module()
class LoadImage(LoadImageFromFile):
    """MMCV's ``LoadImageFromFile`` that refuses truncated, empty and undecodable files.

    Sets ``img`` (H×W×3 BGR uint8, or float32 on 0-255 with ``to_float32``).

    Raises:
        ValueError: Names the file and what is wrong with it.
        FileNotFoundError: The file is not there.
    """

    def transform(self, results: dict) -> dict | None:
        img = self.read(results['img_path'])
        results['img'] = img
        results['img_shape'] = results['ori_shape'] = img.shape[:2]
        return results

    def read(self, path: str) -> np.ndarray:
        """Decode one file: H×W×3, BGR."""
        data = fileio.get(path, backend_args=self.backend_args)
        lacks = missing_end(data)
        if not data or lacks:
            raise ValueError(
                f'image file {path} is {"truncated" if data else "empty"} ({len(data)} bytes'
                f'{", without " + lacks if lacks else ""}): restore it, or take it off the list'
            )
        img = mmcv.imfrombytes(data, flag=self.color_type, backend=self.imdecode_backend)
        if img is None:
            raise ValueError(f'image file {path} cannot be decoded ({len(data)} bytes)')
        if self.to_float32:
            img = img.astype(np.float32)
        return img


@TRANSFORMS.register_module()
class LoadMask(LoadAnnotations):
    """mmseg's ``LoadAnnotations`` that checks the mask against the image as it was on disk.

    Raises:
        ValueError: The mask is unreadable, or of another size than the image; names both files.
        FileNotFoundError: The file is not there.
    """

    def _load_seg_map(self, results: dict) -> None:
        path = results['seg_map_path']
        try:
            super()._load_seg_map(results)
        except FileNotFoundError:
            raise
        except (OSError, AttributeError, SyntaxError) as error:
            raise ValueError(f'mask file {path} cannot be decoded: {error}') from error
        shape, expected = results['gt_seg_map'].shape, tuple(results['ori_shape'])
        if shape != expected:
            raise ValueError(
                f'image and mask differ in size: {results.get("img_path")} is '
                f'{expected[0]}x{expected[1]}, {path} is {"x".join(map(str, shape))} '
                '(height x width); one label per pixel, single channel, is needed'
            )
