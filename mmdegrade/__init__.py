"""mmdegrade: semantic segmentation of degraded images, as plugins for MMSegmentation.

``custom_imports = dict(imports=['mmdegrade'])`` in a config registers everything. The pure
functions of :mod:`mmdegrade.degradations` need NumPy and OpenCV only: on a machine without
MMEngine nothing is registered and they still import.
"""

import importlib.util

__version__ = '0.1.0'

if importlib.util.find_spec('mmengine') is not None:
    from .compat import setup as _setup

    _setup()
    from . import datasets, engine, evaluation, models  # noqa: F401  (registers the parts)
