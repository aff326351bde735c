"""Memory that stays: no page is fetched twice, and no value changes."""

import platform
import subprocess
import sys

import pytest

from mmdegrade.apis.severity_grid import keep_memory

CODE = """
import resource, runpy, sys
import numpy as np
keep_memory = runpy.run_path(sys.argv[2])['keep_memory']
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
if sys.argv[1] == 'keep':
    assert keep_memory()
np.ones(12_000_000)
before = faults()
for _ in range(5):
    assert np.ones(12_000_000).sum() == 12_000_000  # 96 MB, beyond what glibc learns to keep
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')
def test_freed_memory_is_used_again():
    counts = []
    for how in ('keep', 'default'):
        command = [sys.executable, '-W', 'ignore', '-c', CODE, how, keep_memory.__file__]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        counts.append(int(done.stdout.split()[-1]))
    kept, default = counts
    assert default > 5 * 12_000_000 * 8 / (2 << 20)  # each time anew, even in huge pages
    assert kept < default / 10


def test_without_glibc(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(keep_memory.ctypes, 'CDLL', missing)
    assert keep_memory.keep_memory() is False
