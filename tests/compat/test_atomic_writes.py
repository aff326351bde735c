"""A local file is either as it was or complete, whatever happens to the process."""

import os
import random
import signal
import stat
import time

import mmengine.fileio as fileio
import pytest
import torch
from mmengine.runner.checkpoint import save_checkpoint

from mmdegrade.compat.atomic_writes import AtomicLocalBackend, write_atomically


def test_the_local_backend_is_ours(tmp_path):
    for _ in range(2):
        assert isinstance(fileio.get_file_backend(str(tmp_path / 'a')), AtomicLocalBackend)
        backend = fileio.get_file_backend(backend_args=dict(backend='local'))
        assert isinstance(backend, AtomicLocalBackend)
        write_atomically()  # idempotent


@pytest.mark.parametrize('content', [b'', b'x', bytes(range(256)) * 5000])
def test_put_is_complete(tmp_path, content):
    path = tmp_path / 'new' / 'folder' / 'a.bin'
    for data in (content, content + b'longer', b'short'):
        AtomicLocalBackend().put(data, str(path))
        assert path.read_bytes() == data
        assert os.listdir(path.parent) == ['a.bin']
    AtomicLocalBackend().put_text('Zürich', path)
    assert path.read_text(encoding='utf-8') == 'Zürich'


def test_names_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    AtomicLocalBackend().put(b'1', 'a.bin')
    assert (tmp_path / 'a.bin').read_bytes() == b'1'


@pytest.mark.skipif(os.name == 'nt', reason='POSIX permissions')
def test_permissions_and_links_are_those_of_open(tmp_path):
    def mode(path):
        return stat.S_IMODE(os.stat(path).st_mode)

    for umask in (0o022, 0o027):
        before = os.umask(umask)
        try:
            path, plain = tmp_path / f'{umask}.a', tmp_path / f'{umask}.b'
            AtomicLocalBackend().put(b'1', path)
            plain.write_bytes(b'1')
            assert mode(path) == mode(plain) == 0o666 & ~umask
            assert os.umask(umask) == umask  # put left it alone
        finally:
            os.umask(before)
    path.chmod(0o600)  # open() would keep what an existing file has
    AtomicLocalBackend().put(b'2', path)
    assert mode(path) == 0o600 and path.read_bytes() == b'2'
    link = tmp_path / 'link'
    link.symlink_to(path)
    AtomicLocalBackend().put(b'3', link)
    assert link.is_symlink() and path.read_bytes() == b'3'


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_a_failing_write_leaves_the_previous_file(tmp_path, monkeypatch, step):
    path = tmp_path / 'a.pth'
    AtomicLocalBackend().put(b'previous', path)

    def full_disk(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, step, full_disk)
    with pytest.raises(OSError, match='No space left'):
        AtomicLocalBackend().put(b'next', path)
    with pytest.raises(OSError, match='No space left'):
        AtomicLocalBackend().put(b'next', tmp_path / 'b.pth')
    assert path.read_bytes() == b'previous' and os.listdir(tmp_path) == ['a.pth']


def test_data_is_on_disk_before_the_name_is(tmp_path, monkeypatch):
    calls, path = [], tmp_path / 'a'
    sync, replace = os.fsync, os.replace

    def fsync(handle):
        calls.append(('fsync', os.fstat(handle).st_size, path.exists()))
        sync(handle)

    monkeypatch.setattr(os, 'fsync', fsync)
    monkeypatch.setattr(os, 'replace', lambda *a: (calls.append('replace'), replace(*a)))
    AtomicLocalBackend().put(b'12345', path)
    assert calls == [('fsync', 5, False), 'replace']


def save_forever(folder, report) -> None:
    """Save checkpoints until killed: under new names first, then over old files."""
    weights = torch.zeros(300_000)
    for step in range(1, 10**9):
        checkpoint = dict(step=step, state_dict=dict(w=weights + step))
        save_checkpoint(checkpoint, str(folder / f'iter_{step % 3}.pth'))
        os.write(report, b'%d\n' % step)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork and SIGKILL')
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
@pytest.mark.parametrize('kill', range(5))
def test_a_killed_run_leaves_whole_checkpoints(tmp_path, kill):
    """Real saves in a real process, killed at a random moment."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            save_forever(tmp_path, writer)
        finally:
            os._exit(1)
    os.close(writer)
    generator = random.Random(kill)
    with os.fdopen(reader) as reports:
        try:
            done = [int(reports.readline()) for _ in range(generator.randint(1, 6))]
            time.sleep(generator.uniform(0, 0.02))
        finally:
            os.kill(child, signal.SIGKILL)
        done += map(int, reports.read().split())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    steps = []
    for path in tmp_path.glob('iter_*.pth'):
        saved = torch.load(path, weights_only=True)
        assert (saved['state_dict']['w'] == saved['step']).all()
        steps.append(saved['step'])
    assert done[-1] <= max(steps) <= done[-1] + 1
