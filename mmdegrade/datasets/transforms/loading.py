"""Load images that are whole, and depth maps that move with the mask."""

import io

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
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
        path = results['img_path']
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
        results['img'] = img
        results['img_shape'] = results['ori_shape'] = img.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadDepth(BaseTransform):
    """Load ``results['depth_path']`` as ``results['depth']``: H×W float32 in metres.

    The map joins ``seg_fields``, so that stock geometry moves it like the mask (nearest
    neighbour). ``.npy`` files hold metres; images hold one channel of whole steps.

    Also sets ``results['depth_far']``, unless the dataset gives it, to the largest finite depth
    of the whole map: haze is then the same in a crop as in the image it is cut from, and padding
    (which fills depth with the mask's 255) does not count.

    Args:
        scale (float): Metres per step of an image. Defaults to 0.01 (centimetres).

    Raises:
        ValueError: The file is truncated, cannot be decoded, or is not single-channel.
        FileNotFoundError: The file is not there.
        KeyError: The dataset gives no ``depth_path``.
    """

    def __init__(self, scale: float = 0.01) -> None:
        self.scale = scale

    def transform(self, results: dict) -> dict:
        if 'depth_path' not in results:
            raise KeyError('LoadDepth: the dataset gives no depth_path; take LoadDepth out')
        path = results['depth_path']
        depth = self._read(path)
        if depth is None or depth.ndim != 2:
            shape = 'undecodable' if depth is None else f'of shape {depth.shape}'
            raise ValueError(f'depth file {path} is {shape}; a single-channel map is needed')
        results['depth'] = depth
        finite = depth[np.isfinite(depth)]
        if finite.size and finite.max() > 0:
            results.setdefault('depth_far', float(finite.max()))
        if 'depth' not in results.setdefault('seg_fields', []):
            results['seg_fields'].append('depth')
        return results

    def _read(self, path: str) -> np.ndarray | None:
        data = fileio.get(path)
        lacks = missing_end(data)
        if not data or lacks:
            raise ValueError(
                f'depth file {path} is {"truncated, without " + lacks if lacks else "empty"}'
            )
        if path.endswith('.npy'):
            try:
                return np.load(io.BytesIO(data)).astype(np.float32)
            except (ValueError, EOFError) as error:
                raise ValueError(f'depth file {path} cannot be decoded: {error}') from error
        depth = mmcv.imfrombytes(data, flag='unchanged', backend='cv2')
        return None if depth is None else depth.astype(np.float32) * np.float32(self.scale)


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
