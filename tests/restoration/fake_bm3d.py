"""A stand-in for the package ``bm3d``, which is not installed: it smooths, and notes its calls."""

import sys
import types
from contextlib import contextmanager

import numpy as np
from scipy import ndimage


@contextmanager
def fake_bm3d():
    """Put the stand-in into ``sys.modules``; gives the list of calls (name, image, σ)."""
    calls = []
    module = types.ModuleType('bm3d')

    def bm3d(z, sigma_psd):
        calls.append(('bm3d', np.array(z), sigma_psd))
        return ndimage.gaussian_filter(z, 4 * sigma_psd)

    def bm3d_rgb(z, sigma_psd):
        calls.append(('bm3d_rgb', np.array(z), sigma_psd))
        return ndimage.gaussian_filter(z, (4 * sigma_psd, 4 * sigma_psd, 0))

    module.bm3d, module.bm3d_rgb = bm3d, bm3d_rgb
    missing = object()
    before = sys.modules.get('bm3d', missing)
    sys.modules['bm3d'] = module
    try:
        yield calls
    finally:
        if before is missing:
            del sys.modules['bm3d']
        else:
            sys.modules['bm3d'] = before
