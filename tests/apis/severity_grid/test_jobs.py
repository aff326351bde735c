"""Several processes on one CPU: the numbers of one, and an end that loses nothing."""

import multiprocessing
import os
import signal

import pytest
import torch
import torch.distributed as dist

from mmdegrade.apis import severity_grid
from mmdegrade.apis.severity_grid import api, job_count, jobs, runner
from mmdegrade.apis.severity_grid.contestant import Contestant

CHOICE = dict(kinds=['gblur', 'awgn'], degrees=[1, 5])
PREDICTIONS = 5 * 4

pytestmark = pytest.mark.skipif(
    'fork' not in multiprocessing.get_all_start_methods(), reason='needs fork'
)


def run(root, out=None, **kwargs):
    return severity_grid((root / 'ours.py', root / 'a.pth'), out=out, **{**CHOICE, **kwargs})


@pytest.fixture(scope='module')
def alone(tiny):
    return run(tiny, workers=0).cells


@pytest.fixture
def predict(monkeypatch):
    """``change(f)`` calls ``f()`` before each prediction, in whatever process."""
    original = runner.predict

    def change(before):
        def predict(contestant, items):
            before()
            return original(contestant, items)

        monkeypatch.setattr(runner, 'predict', predict)

    return change


@pytest.mark.parametrize(('number', 'workers'), [(2, None), (3, 0), (2, 1)])
def test_the_numbers_are_those_of_one_process(tiny, tmp_path, alone, number, workers):
    steps = []
    grid = run(
        tiny, tmp_path, jobs=number, workers=workers, progress=lambda *one: steps.append(one)
    )
    assert grid.cells == alone
    assert steps == sorted(steps) and steps[-1] == (PREDICTIONS, PREDICTIONS)
    assert len(list((tmp_path / 'cache').glob('*.jsonl'))) == number  # each wrote its share
    assert not dist.is_initialized() and multiprocessing.active_children() == []
    steps.clear()
    assert run(tiny, tmp_path, progress=lambda *one: steps.append(one)).cells == alone
    assert steps == []


def test_without_a_folder(tiny, alone):
    assert run(tiny, jobs=2).cells == alone


def test_more_processes_than_images(tiny, alone):
    assert run(tiny, jobs=6).cells == alone


def test_by_default_as_many_as_cores(tiny, tmp_path, alone, monkeypatch):
    started = []
    original = jobs.run_jobs

    def spy(grid, number, *args):
        started.append((number, len(grid.journal.records), torch.get_num_threads()))
        return original(grid, number, *args)

    monkeypatch.setattr(api, 'run_jobs', spy)
    monkeypatch.setattr(job_count, 'cores', lambda: 3)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    threads = torch.get_num_threads()
    assert run(tiny, tmp_path, jobs=None).cells == alone
    assert started == [(3, 1, threads)]  # one prediction showed how much memory is needed
    assert run(tiny, tmp_path, jobs=None).cells == alone
    assert len(started) == 1  # nothing was left
    monkeypatch.setattr(job_count, 'cores', lambda: 64)
    monkeypatch.setattr(job_count, 'free_memory', lambda: 2 * job_count.peak_memory() + 1)
    assert run(tiny, images=3, jobs=None).cells[0].images == 3
    assert run(tiny, jobs=None).cells == alone
    assert [number for number, *_ in started[1:]] == [3, 3]  # images, memory
    monkeypatch.setattr(job_count, 'free_memory', lambda: 0)
    assert run(tiny, jobs=None).cells == alone and len(started) == 3


def test_threads_of_a_process(monkeypatch):
    monkeypatch.setattr(job_count, 'cores', lambda: 8)
    for text, number in (('2', 2), ('4,2', 4), ('0', 1), ('', 1), ('many', 1)):
        monkeypatch.setenv('OMP_NUM_THREADS', text)
        assert job_count.threads_of(8) == number
    assert job_count.threads_of(3) == 2 and job_count.threads_of(16) == 1


def test_memory_and_cores_of_a_container(tmp_path, monkeypatch):
    machine = job_count.free_memory()
    monkeypatch.setattr(job_count, '_CGROUP', tmp_path)
    (tmp_path / 'memory.max').write_text('max\n')
    (tmp_path / 'memory.current').write_text('700\n')
    assert job_count.free_memory() > 1000 and machine > 0
    (tmp_path / 'memory.max').write_text('1000\n')
    assert job_count.free_memory() == 300
    (tmp_path / 'memory.stat').write_text('anon 500\ninactive_file 200\n')
    assert job_count.free_memory() == 500
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: range(8), raising=False)
    for text, number in (('max 100000', 8), ('250000 100000', 2), ('20000 100000', 1)):
        (tmp_path / 'cpu.max').write_text(text)
        assert job_count.cores() == number


def test_several_threads_each(tiny, monkeypatch):
    """A fork loses OpenMP's threads: the other process would wait for them."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        monkeypatch.setenv('OMP_NUM_THREADS', '2')
        torch.randn(500, 500).exp_()  # starts them
        grid = run(tiny, jobs=2, kinds=['gblur'], degrees=[1], images=2)
        assert [cell.images for cell in grid.cells] == [2, 2]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_an_error_elsewhere_ends_the_run(tiny, tmp_path, alone, predict):
    first = os.getpid()

    def fails():
        if os.getpid() != first:
            raise ValueError('no such class')

    predict(fails)
    with pytest.raises(ValueError, match='no such class'):
        run(tiny, tmp_path, jobs=2)
    assert not dist.is_initialized() and multiprocessing.active_children() == []
    assert any((tmp_path / 'cache').glob('*.jsonl'))
    predict(lambda: None)
    assert run(tiny, tmp_path, jobs=2).cells == alone


def test_an_unforeseen_error_brings_its_traceback(tiny, predict):
    first = os.getpid()

    def fails():
        if os.getpid() != first:
            raise KeyError('weights')

    predict(fails)
    with pytest.raises(RuntimeError, match="in fails(.|\n)*KeyError: 'weights'"):
        run(tiny, jobs=2)


def test_an_error_here_ends_the_others(tiny, predict):
    first = os.getpid()

    def fails():
        if os.getpid() == first:
            raise RuntimeError('out of tricks')

    predict(fails)
    with pytest.raises(RuntimeError, match='out of tricks'):
        run(tiny, jobs=3)
    assert not dist.is_initialized() and multiprocessing.active_children() == []


def test_a_killed_process(tiny, tmp_path, alone, predict):
    first, number = os.getpid(), []

    def dies():
        number.append(0)
        if os.getpid() != first and len(number) == 4:
            os.kill(os.getpid(), signal.SIGKILL)

    predict(dies)
    with pytest.raises(ChildProcessError, match='ended by SIGKILL.*fewer --jobs'):
        run(tiny, tmp_path, jobs=2)
    predict(lambda: None)
    steps = []
    assert run(tiny, tmp_path, progress=lambda *one: steps.append(one)).cells == alone
    assert steps[-1][1] <= PREDICTIONS - 3  # what the killed one had made is there


def test_a_process_that_dies_before_it_starts(tiny, monkeypatch):
    """The group of processes never comes about; nobody waits for it."""
    first, store = os.getpid(), dist.FileStore

    def dies(*args):
        if os.getpid() != first:
            os.kill(os.getpid(), signal.SIGKILL)
        return store(*args)

    monkeypatch.setattr(dist, 'FileStore', dies)
    with pytest.raises(ChildProcessError, match='ended by SIGKILL'):
        run(tiny, jobs=3)
    assert not dist.is_initialized() and multiprocessing.active_children() == []


def test_numbers_that_cannot_be(tiny, monkeypatch):
    with pytest.raises(ValueError, match='jobs=0 must be 1 or more'):
        run(tiny, jobs=0)
    monkeypatch.setattr(Contestant, 'device', 'cuda')
    with pytest.raises(ValueError, match='jobs=2: .* this is cuda on .* use torchrun'):
        run(tiny, jobs=2)
    assert job_count.can_fork([]) and len(run(tiny, jobs=None).cells) == 5
    monkeypatch.setattr(dist, 'is_initialized', lambda: True)
    with pytest.raises(ValueError, match='jobs=2: .* started by a launcher'):
        job_count.check_jobs(2, [])
    assert not job_count.can_fork([])
