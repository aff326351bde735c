"""Which function of which library does what a kind does, and how it is made ready."""

import functools
import importlib
import io
import os
import types
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import cv2
import numpy as np

# Name of the distribution -> what is imported of it.
LIBRARIES = {
    'albumentations': 'albumentations',
    'imagecorruptions': 'imagecorruptions',
    'kornia': 'kornia',
    'scikit-image': 'skimage',
    'scipy': 'scipy.ndimage',
    'torchvision': 'torchvision.transforms.v2',
}


@dataclass(frozen=True)
class Peer:
    """A function of another library; ``build``, ``remark`` and ``same``: see `peers`."""

    library: str
    function: str
    build: Callable
    remark: str = ''
    same: bool = True

    def __str__(self) -> str:
        return f'{self.library} {self.function}'


PEERS: dict[str, list[Peer]] = {}


def peer(library: str, function: str, *kinds: str, remark: str = '', same: bool = True):
    """Enter a ``build`` function as a peer of ``kinds``."""

    def enter(build):
        for kind in kinds:
            PEERS.setdefault(kind, []).append(Peer(library, function, build, remark, same))
        return build

    return enter


@functools.cache
def load(library: str):
    """Import a library and keep it to one thread.

    Raises:
        ImportError: it is not there, or something that it needs is not.
    """
    os.environ.setdefault('NO_ALBUMENTATIONS_UPDATE', '1')  # or it asks the network
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter('ignore')
        module = importlib.import_module(LIBRARIES[library])
    if library in ('kornia', 'torchvision'):
        import torch

        torch.set_num_threads(1)
    if library == 'imagecorruptions':
        _mend_imagecorruptions(module.corruptions)
    cv2.setNumThreads(1)
    return module


def _mend_imagecorruptions(corruptions) -> None:
    """Give back what version 1.1.2 uses and others dropped. Costs no time."""
    # NumPy 2: np.float_. Without it: AttributeError in fog.
    corruptions.np = types.SimpleNamespace(**{**vars(np), 'float_': np.float64})

    # scikit-image 0.22: multichannel=. Without it: TypeError in gaussian_blur and glass_blur.
    def gaussian(*args, multichannel=False, **options):
        axis = -1 if multichannel else None
        return load('scikit-image').filters.gaussian(*args, channel_axis=axis, **options)

    corruptions.gaussian = gaussian


def ready(entry: Peer, img: np.ndarray, params: dict) -> Callable:
    """Prepare a function without arguments that degrades ``img`` (uint8, three channels) once.

    Raises:
        Exception: whatever the library raises if it does not work here.
    """
    function = entry.build(load(entry.library), params, img)
    if entry.library == 'albumentations':
        return lambda: function(image=img)['image']
    x = img
    if entry.library in ('scikit-image', 'scipy'):
        x = np.divide(img, 255, dtype=np.float32)
    elif entry.library in ('kornia', 'torchvision'):
        import torch

        x = torch.from_numpy(img).permute(2, 0, 1)[None].float().div(255).contiguous()
    return lambda: function(x)
