"""torchvision must be importable next to any torch, and stay native where it works."""

import subprocess
import sys

import pytest

from mmdegrade.compat.torchvision_schemas import ensure_torchvision

STATES = ('native', 'schema-only', 'absent')


def test_idempotent():
    first = ensure_torchvision()
    assert first in STATES
    assert ensure_torchvision() == first


@pytest.mark.parametrize('calls', [1, 2])
def test_torchvision_imports_in_a_fresh_process(calls):
    pytest.importorskip('torchvision')
    code = (
        'import sys\n'
        'from mmdegrade.compat.torchvision_schemas import ensure_torchvision\n'
        f'states = [ensure_torchvision() for _ in range({calls})]\n'
        'import torchvision.transforms, torchvision.models\n'
        'print(states[-1])\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] in ('native', 'schema-only')
