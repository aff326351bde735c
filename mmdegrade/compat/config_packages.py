"""Make ``_base_ = ['mmseg::…']`` work whatever the distribution of mmseg is called.

MMEngine translates the import name ``mmseg`` into the distribution name ``mmsegmentation`` and
looks for that (`mmengine.hub.get_config` even pip-installs it). The OneDL build is called
``onedl-mmsegmentation`` and is therefore not found, although ``import mmseg`` works. MMEngine also
accepts an import name in that table, so we enter the import name.

This takes effect for configs read *after* mmdegrade was imported: our own tools do that, while
``custom_imports`` of an unmodified train.py is too late for ``_base_``.
"""

from __future__ import annotations

import importlib.util
from importlib import metadata

from mmengine.config.utils import MODULE2PACKAGE

__all__ = ['resolve_config_packages']


def resolve_config_packages() -> None:
    """Look up packages by import name where the usual distribution is absent. Idempotent."""
    for module in ('mmseg', 'mmpretrain'):
        if not _is_distribution(MODULE2PACKAGE.get(module, module)) and _is_module(module):
            MODULE2PACKAGE[module] = module


def _is_distribution(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
