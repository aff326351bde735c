"""Isolation and shared fixtures.

MMEngine keeps registries, the default scope, loggers and visualizers in globals. Without
isolation a class registered by one test is "already registered" for the next, and a second Runner
writes into the first one's work_dir.
"""

import os
from pathlib import Path

import cv2
import mmengine.registry as registry
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope, init_default_scope
from mmengine.visualization import Visualizer

import mmdegrade  # noqa: F401  registers everything, before any snapshot is taken

ROOT = Path(__file__).resolve().parents[1]

# More threads than free cores make these small tests many times slower.
torch.set_num_threads(1)
cv2.setNumThreads(0)


def _manager_classes():
    """All classes that keep their instances in a global dict, subclasses included."""
    todo, found = [MMLogger, MessageHub, Visualizer, DefaultScope], []
    while todo:
        cls = todo.pop()
        found.append(cls)
        todo += cls.__subclasses__()
    return found


def _registries():
    """All registries: MMEngine's root ones and their children."""
    todo = [v for v in vars(registry).values() if isinstance(v, registry.Registry)]
    found = {}
    while todo:
        one = todo.pop()
        if id(one) not in found:
            found[id(one)] = one
            todo += one.children.values()
    return list(found.values())


def _is_from_tests(cls):
    module = getattr(cls, '__module__', '') or ''
    return module.rpartition('.')[2].startswith(('test_', 'conftest'))


@pytest.fixture(autouse=True)
def mm_isolation():
    """Undo what a test registers or instantiates; start in scope ``mmseg`` with fixed seeds."""
    registered = [(one, dict(one.module_dict)) for one in _registries()]
    # MMEngine has no public way to forget instances.
    instances = {cls: cls._instance_dict.copy() for cls in _manager_classes()}
    torch.manual_seed(0)
    np.random.seed(0)
    init_default_scope('mmseg')
    yield
    for cls in _manager_classes():  # again: subclasses may have been imported meanwhile
        cls._instance_dict.clear()
        cls._instance_dict.update(instances.get(cls, {}))
    # Remove only what test modules registered: libraries register lazily, on first import, and
    # would not do so a second time.
    for one, before in registered:
        for name, cls in list(one.module_dict.items()):
            if _is_from_tests(cls):
                if name in before:
                    one.module_dict[name] = before[name]
                else:
                    del one.module_dict[name]


@pytest.fixture(scope='session')
def data_dir():
    """Folder of real data sets: ``$MMDEGRADE_DATA``; it need not exist."""
    return Path(os.environ.get('MMDEGRADE_DATA', ROOT.parent / 'shared' / 'data'))


@pytest.fixture(scope='session')
def require_data(data_dir):
    """Function: the path of a file or folder below `data_dir`; skips the test if it is absent."""

    def require(sub_path):
        path = data_dir / sub_path
        if not path.exists():
            pytest.skip(f'needs {sub_path!r} below {data_dir} (set MMDEGRADE_DATA)')
        return path

    return require
