"""A grid that is ready: data, config, two checkpoints, made once."""

import pytest

from tests.apis.severity_grid.tiny_grid import OURS, write_config, write_data, write_weights
from tests.tiny import fcn_r18


@pytest.fixture(scope='session')
def tiny(tmp_path_factory):
    """Folder with ``camvid/``, ``ours.py``, ``a.pth`` and ``b.pth``; read it only."""
    root = tmp_path_factory.mktemp('grid')
    write_data(root, images=4)
    write_config(root, 'ours', OURS)
    for seed, name in enumerate(('a', 'b')):
        write_weights(fcn_r18(), root / f'{name}.pth', seed)
    return root
