"""Let torchvision's Python code be imported when its compiled library cannot be loaded.

PyPI's torchvision wheel is linked against CUDA torch. Next to a CPU-only torch its ``_C`` library
fails to load. torchvision tolerates that, except for two unconditional ``register_fake`` calls
which then die with ``operator torchvision::nms does not exist`` and take every importer (mmseg,
mmpretrain) with them. Declaring just those two operator *schemas*, without kernels, is enough:
transforms and models work, and ``torchvision.ops.nms`` still raises a clear error when called.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch

__all__ = ['ensure_torchvision']

_SCHEMAS = {
    'nms': '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    'qnms': '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
}

# torch forgets the schemas when this object is garbage collected.
_library: torch.library.Library | None = None


def ensure_torchvision() -> str:
    """Declare torchvision's two operator schemas if, and only if, its library cannot load.

    Idempotent, and does not import torchvision itself.

    Returns:
        ``'absent'`` (torchvision is not installed), ``'native'`` (its library works, nothing was
        done) or ``'schema-only'`` (the schemas were declared).
    """
    global _library
    if _library is not None:
        return 'schema-only'
    if 'torchvision' in sys.modules:  # imported already, hence it works
        return 'native'
    spec = importlib.util.find_spec('torchvision')
    if spec is None or not spec.submodule_search_locations:
        return 'absent'
    if _loads_native_library(spec.submodule_search_locations):
        return 'native'
    _library = torch.library.Library('torchvision', 'FRAGMENT')
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            _library.define(name + schema)
    return 'schema-only'


def _loads_native_library(folders: list[str]) -> bool:
    for folder in folders:
        for pattern in ('_C*.so', '_C*.pyd'):
            for path in sorted(Path(folder).glob(pattern)):
                try:
                    torch.ops.load_library(str(path))
                except OSError:
                    continue
                return True
    return False
