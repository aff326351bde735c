"""Load full MMEngine checkpoints with ``weights_only=True``, and never fall back to unsafe loading.

Besides tensors, a training checkpoint holds MMEngine's message hub: `HistoryBuffer` objects and
NumPy values. Since torch 2.6 ``torch.load`` refuses these unless told that they are harmless:
the original mmengine 0.10.7 then cannot resume from its own checkpoints, and the OneDL build
retries with ``weights_only=False``, which runs whatever code a file contains. What comes from a URL
is loaded by ``torch.hub``, whose default is ``weights_only=False``, too.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import torch
import torch.hub
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

__all__ = ['allow_mmengine_checkpoints', 'load_checkpoint_safely']

# What torch's reader runs into when the bytes are those of a text, a picture, half a checkpoint.
_DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)

# The dtypes that log values and message-hub entries are made of.
_DTYPES = ('?', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8')


def _history_buffer_method(owner: Any, name: str) -> Any:
    """Stand in for the ``getattr`` by which a pickle names ``HistoryBuffer.min`` and the like.

    The real ``getattr`` would let a file reach any attribute of any allowed object.
    """
    if owner is not HistoryBuffer or name.startswith('_'):
        raise UnpicklingError(
            f'a checkpoint may only name public methods of HistoryBuffer, not {name!r} of {owner!r}'
        )
    return getattr(owner, name)


def allow_mmengine_checkpoints() -> None:
    """Tell torch that the classes inside MMEngine checkpoints may be loaded. Idempotent.

    Also makes MMEngine load local files through `load_checkpoint_safely` and URLs through
    `load_url_safely`, which never fall back. Does nothing before torch 2.6, which does not refuse
    them unless asked to.
    """
    if _torch_release() < (2, 6):
        return
    allowed: list[Any] = [HistoryBuffer, slice, np.ndarray, np.dtype]
    allowed += [type(np.dtype(code)) for code in _DTYPES]
    allowed.append((_history_buffer_method, 'builtins.getattr'))
    # NumPy's two constructors are private; what it puts into pickles itself is not.
    for constructor in (np.zeros(1).__reduce__()[0], np.float64(1).__reduce__()[0]):
        # A file written under NumPy 1 says numpy.core, one written under NumPy 2 numpy._core.
        for package in ('numpy.core', 'numpy._core'):
            allowed.append((constructor, f'{package}.multiarray.{constructor.__name__}'))
    torch.serialization.add_safe_globals(allowed)
    CheckpointLoader.register_scheme('', load_from_local, force=True)
    # http://, open-mmlab://, torchvision:// and mmcls:// all end in this function.
    mmengine_checkpoint.load_url = load_url_safely
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):  # of the OneDL build: it falls back
        mmengine_checkpoint._safe_torch_load = _load_stored


def load_checkpoint_safely(
    path: str | PathLike[str], map_location: str | torch.device | None = 'cpu'
) -> Any:
    """Load a checkpoint file without ever running code from it.

    Args:
        path: A local file.
        map_location: As for `torch.load`.

    Returns:
        What was saved, usually a dict with ``state_dict``, ``meta`` and ``message_hub``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds a class that is not known to be harmless, or no checkpoint.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise FileNotFoundError(f'checkpoint {str(path)!r} does not exist')
    allow_mmengine_checkpoints()
    return _load_stored(file, map_location)


def load_url_safely(
    url: str,
    model_dir: str | None = None,
    map_location: str | torch.device | None = None,
    progress: bool = True,
    **kwargs: Any,
) -> Any:
    """``torch.hub.load_state_dict_from_url`` that never runs code from what it downloads.

    Raises:
        ValueError: If the file holds a class that is not known to be harmless.
    """
    kwargs['weights_only'] = True
    with _named(url):
        return torch.hub.load_state_dict_from_url(url, model_dir, map_location, progress, **kwargs)


def _load_stored(file: Any, map_location: Any = None, weights_only: bool | None = None) -> Any:
    """What MMEngine calls for files of a model zoo and of object stores: a path or a buffer."""
    with _named(str(file)):
        return torch.load(file, map_location=map_location, weights_only=True)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn what torch raises for a file that holds no weights into an error that names it."""
    try:
        yield
    except UnpicklingError as error:
        if 'Unsupported operand' in str(error):  # bytes that are no instruction of a pickle
            raise _unreadable(name, error) from error
        raise _refused(name, error) from error
    except torch.OutOfMemoryError:
        raise
    except OSError as error:
        if error.errno != errno.EINVAL:  # a seek to where a cut archive has no bytes
            raise
        raise _unreadable(name, error) from error
    except _DAMAGED as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> ValueError:
    text = _reason(error) if isinstance(error, UnpicklingError) else str(error)
    reason = (text.strip().splitlines() or [''])[0]
    return ValueError(
        f'checkpoint {name!r} cannot be read ({type(error).__name__}: {reason}): is the file '
        'complete? Allowed: what torch.save wrote. Copy it again, or name another'
    )


def _refused(name: str, error: UnpicklingError) -> ValueError:
    return ValueError(
        f'checkpoint {name!r} holds something other than weights and MMEngine logs, and '
        f'loading it could run code: {_reason(error)}; if you trust the file, allow what it '
        'needs with torch.serialization.add_safe_globals([...]) and load it again'
    )


def _reason(error: UnpicklingError) -> str:
    """The line of torch's long message that names the culprit.

    The rest recommends ``weights_only=False``, which is what this file exists to avoid.
    """
    lines = str(error).rpartition('WeightsUnpickler error:')[2].splitlines()
    useful = [line.strip() for line in lines if line.strip() and 'weights_only' not in line]
    return useful[0].rstrip('.') if useful else type(error).__name__


def load_from_local(filename: str, map_location: str | torch.device | None = None) -> Any:
    """What MMEngine calls for a local path; it takes the word "local" in its log from the name."""
    return load_checkpoint_safely(filename, map_location)


def _torch_release() -> tuple[int, int]:
    major, minor = torch.__version__.split('.')[:2]
    return int(major), int(minor)
