"""What a stored count depends on, as short hashes: weights, settings, images, code, libraries."""

import hashlib
import json
import os
import platform
from functools import cache
from pathlib import Path

import cv2
import mmcv
import mmengine
import mmseg
import numpy as np
import torch

import mmdegrade
from mmdegrade.datasets.transforms.degrade_base import image_key

# Part of what is hashed. Change it when what is stored for a prediction changes its meaning.
CACHE_VERSION = 1
# What decides pixels and predictions; a change in their code makes stored counts stale.
_CODE = ('degradations', 'restoration', 'datasets', 'models')
_FILES = ('img_path', 'seg_map_path', 'depth_path', 'camera_path')


def versions() -> dict[str, str]:
    """Versions of what takes part in a number."""
    return dict(
        python=platform.python_version(),
        mmdegrade=mmdegrade.__version__,
        mmseg=mmseg.__version__,
        mmcv=mmcv.__version__,
        mmengine=mmengine.__version__,
        torch=torch.__version__,
        numpy=np.__version__,
        opencv=cv2.__version__,
    )


def short_hash(*parts) -> str:
    """16 hexadecimal digits of anything that JSON can hold; other things count by their text."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_hash(path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def weights_hash(network: torch.nn.Module) -> str:
    """SHA-256 of a network's state: names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        if not isinstance(value, torch.Tensor):
            digest.update(f'{name} {value!r}'.encode())
            continue
        value = value.detach().cpu().contiguous()
        digest.update(f'{name} {value.dtype} {tuple(value.shape)}'.encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def image_hash(info: dict, times: bool = True) -> str:
    """Hash of an image of a dataset: its name as random draws see it, and its files' states.

    A file counts by size and time of its last change; one that is not local by its name. Without
    ``times``, a copy of the data has the same hashes.
    """
    states = []
    for key in _FILES:
        path = info.get(key)
        if path and os.path.exists(path):
            state = os.stat(path)
            changed = state.st_mtime_ns if times else None
            states.append((key, os.path.basename(path), state.st_size, changed))
        elif path:
            states.append((key, path))
    labels = sorted((info.get('label_map') or {}).items())
    return short_hash(image_key(info['img_path']), states, labels, info.get('reduce_zero_label'))


@cache
def code_hash() -> str:
    """Hash of our code that makes pixels and predictions."""
    root = Path(mmdegrade.__file__).parent
    files = [file for part in _CODE for file in sorted((root / part).rglob('*.py'))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(f'{file.relative_to(root)} '.encode() + file.read_bytes())
    return digest.hexdigest()[:16]
