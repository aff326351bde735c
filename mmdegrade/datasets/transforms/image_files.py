"""Files of images and masks: read whole, decoded, or named as corrupt.

Decoders return the upper part of a truncated file without an error, and turn whatever they find
into 8-bit colour. What a training must not see in silence is found here, once for every transform
that reads a file.
"""

import errno
import io
import struct
import zlib

import cv2
import mmcv
import numpy as np
from mmengine import fileio
from PIL import Image, UnidentifiedImageError

# Troubles of the machine; the next file would meet them, too.
_OF_THE_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
# What decoders raise for bytes that are no image. A missing backend (AttributeError) is not in it.
_UNDECODABLE = (OSError, SyntaxError, EOFError, struct.error, zlib.error, cv2.error, ValueError)
# Signature and what of the header chunk says size, bits and colour.
_PNG_HEADER = 26
_PLAIN_MODES = ('1', 'L', 'RGB', 'RGBX', 'CMYK', 'YCbCr', 'LAB', 'HSV')


class CorruptFileError(ValueError):
    """A file of a sample cannot be used. Training replaces the sample; see ``corrupt_files.py``.

    Transforms of your own that read files may raise it, too.

    Args:
        message (str): Names the file, what is wrong with it and how to mend it.
        path (str, optional): The file.
    """

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class MissingFileError(CorruptFileError, FileNotFoundError):
    """A file of a sample is not there."""


def read_file(path: str, what: str, backend_args: dict | None = None) -> bytes:
    """Read a file that must hold something, and its own end.

    Args:
        path (str): The file; anything ``mmengine.fileio`` reads.
        what (str): What it holds, for messages: ``'image'``.
        backend_args (dict, optional): Of the file backend.

    Raises:
        MissingFileError: It is not there.
        CorruptFileError: It is empty, truncated or cannot be read.
    """
    try:
        data = fileio.get(path, backend_args=backend_args)
    except FileNotFoundError as error:
        raise MissingFileError(
            f'{what} file {path} is not there: restore it, or take it off the list', path
        ) from error
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise
        raise CorruptFileError(f'{what} file {path} cannot be read: {error}', path) from error
    lacks = missing_end(data)
    if not data or lacks:
        raise CorruptFileError(
            f'{what} file {path} is {"truncated" if data else "empty"} ({len(data)} bytes'
            f'{", without " + lacks if lacks else ""}): restore it, or take it off the list',
            path,
        )
    return data


def decode(data: bytes, path: str, what: str, flag: str, backend: str | None) -> np.ndarray:
    """``mmcv.imfrombytes`` that names the file.

    Raises:
        CorruptFileError: The bytes are no image.
        ValueError: There is no such backend or flag.
    """
    if isinstance(flag, str) and flag not in mmcv.image.io.imread_flags:
        raise ValueError(f'color_type={flag!r}; allowed: {list(mmcv.image.io.imread_flags)}')
    if backend not in (None, *mmcv.image.io.supported_backends):
        raise ValueError(
            f'imdecode_backend={backend!r}; allowed: {mmcv.image.io.supported_backends}'
        )
    if _promises_too_much(data):
        raise CorruptFileError(
            f'{what} file {path} cannot be decoded ({len(data)} bytes): they cannot hold as many '
            'pixels as its header says; restore it, or take it off the list',
            path,
        )
    reason = ''
    try:
        img = mmcv.imfrombytes(data, flag=flag, backend=backend)
    except UnidentifiedImageError:  # its text names an address in memory
        img, reason = None, ': no known image format'
    except (*_UNDECODABLE, Image.DecompressionBombError) as error:
        img, reason = None, f': {error}'
    if img is None:
        raise CorruptFileError(
            f'{what} file {path} cannot be decoded ({len(data)} bytes){reason}; restore it, or '
            'take it off the list',
            path,
        )
    return img


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


def wrong_mode(data: bytes) -> str | None:
    """Say what an image file holds that is not 8-bit colour or grey, or None.

    Decoding to 8-bit colour throws away the low half of 16 bits and lays transparent pixels bare;
    a palette is most often a mask in the place of an image. Only headers are read.
    """
    if data[:2] == b'\xff\xd8':
        return None  # JPEG has 8 bits and neither palette nor alpha
    if data[:8] == b'\x89PNG\r\n\x1a\n':
        if len(data) < _PNG_HEADER:
            return None  # the decoder will say
        bits, colour = data[24], data[25]
        if bits == 16:
            return '16 bits a channel'
        return {3: 'a palette', 4: 'an alpha channel', 6: 'an alpha channel'}.get(colour)
    try:
        with Image.open(io.BytesIO(data)) as image:
            mode = image.mode
    except (UnidentifiedImageError, *_UNDECODABLE):
        return None  # unknown to Pillow; the decoder will say
    if mode in _PLAIN_MODES:
        return None
    if mode in ('P', 'PA'):
        return 'a palette'
    if mode in ('LA', 'RGBA', 'La', 'RGBa'):
        return 'an alpha channel'
    return f'pixels of mode {mode}'


def _promises_too_much(data: bytes) -> bool:
    """Whether a PNG says that it has more pixels than its bytes can hold.

    The decoder would take the memory before it sees that they are not there. Deflate writes at
    least one byte for 1032; other formats are bounded by the decoder alone, at 2^30 pixels.
    """
    if data[:8] != b'\x89PNG\r\n\x1a\n' or len(data) < _PNG_HEADER:
        return False
    width, height = (int.from_bytes(data[at : at + 4], 'big') for at in (16, 20))
    bits = data[24] * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(data[25], 1)
    return height * (width * bits // 8 + 1) > 1032 * len(data)


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
