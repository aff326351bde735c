"""Arrays of numbers from ``.npy`` files, without NumPy's ways of running code or taking memory.

``np.load`` also opens archives and pickles, and takes as much memory as a header asks for before it
sees that the file is too short (format: NEP 1). Here the header is read by NumPy, and compared with
the bytes that are there; then the array is a view of them.
"""

import io
import math

import numpy as np

from .image_files import CorruptFileError

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,  # 3.0 is for names of fields; numbers have none
}


def decode_npy(data: bytes, path: str, what: str) -> np.ndarray:
    """The array in the bytes of a ``.npy`` file.

    Args:
        data (bytes): The file.
        path (str): Its name, for messages.
        what (str): What it holds, for messages: ``'depth'``.

    Returns:
        np.ndarray: Of integers or floats, not empty; read-only, a view of ``data``.

    Raises:
        CorruptFileError: A ``ValueError``: no such file, truncated, or no array of numbers.
    """
    stream = io.BytesIO(data)
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    except Exception as error:  # NumPy evaluates the header, so nearly anything may come of it
        raise CorruptFileError(
            f'{what} file {path} cannot be decoded: its header is not one of .npy '
            f'({type(error).__name__})',
            path,
        ) from error
    if dtype.kind not in 'uif':
        raise CorruptFileError(f'{what} file {path} holds {dtype}; numbers are needed', path)
    start, there = stream.tell(), len(data) - stream.tell()
    count = math.prod(shape)
    if min(shape, default=1) < 1 or count * dtype.itemsize > there:
        raise CorruptFileError(
            f'{what} file {path} cannot be decoded: its header says {shape} of {dtype}, '
            f'{there} bytes follow',
            path,
        )
    flat = np.frombuffer(data, dtype, count, start)
    return flat.reshape(shape, order='F' if fortran else 'C')
