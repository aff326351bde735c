"""ONNX and its runtime are an extra: imported where they are needed, with a sentence if absent."""

from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """``onnx`` or ``onnxruntime``.

    Raises:
        ImportError: It is not installed; says how.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(
            f'exporting needs the package {name!r}: pip install mmdegrade[export]'
        ) from error
