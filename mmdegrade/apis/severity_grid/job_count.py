"""How many processes predict a grid: what the machine's cores and memory allow."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist

from .contestant import Contestant
from .runner import Grid

_CGROUP = Path('/sys/fs/cgroup')
# Limit and use of memory of a container: version 2, and 1.
_MEMORY = (
    ('memory.max', 'memory.current', 'memory.stat', 'inactive_file'),
    (
        'memory/memory.limit_in_bytes',
        'memory/memory.usage_in_bytes',
        'memory/memory.stat',
        'total_inactive_file',
    ),
)


def default_jobs(grid: Grid) -> int:
    """Processes that predict a grid at once if nobody says how many.

    One for each core (for each OMP_NUM_THREADS cores, if that is set), but no more than batches of
    images are left, nor than there is free memory for: each is taken to need what this process
    needed at most once it has made the first prediction that is missing, which is kept. 1 on a GPU
    and under ``torchrun``.
    """
    if not can_fork(grid.contestants):
        return 1
    most = min(cores() // (threads_asked() or 1), len(grid.missing()))
    if most < 2:
        return 1
    before = torch.get_num_threads()
    torch.set_num_threads(threads_of(most))
    try:
        grid.predict_one()
    finally:
        torch.set_num_threads(before)
    free = free_memory()
    return most if free is None else max(1, min(most, 1 + free // peak_memory()))


def check_jobs(jobs: int, contestants: Sequence[Contestant]) -> None:
    """Refuse a number of processes that cannot be.

    Raises:
        ValueError: With what to do instead.
    """
    if jobs < 1:
        raise ValueError(f'jobs={jobs} must be 1 or more')
    if jobs > 1 and dist.is_available() and dist.is_initialized():
        raise ValueError(f'jobs={jobs}: these processes were started by a launcher; leave jobs out')
    if jobs > 1 and not can_fork(contestants):
        devices = ', '.join(sorted({one.device for one in contestants}))
        raise ValueError(
            f'jobs={jobs}: several processes predict on the CPU of Linux only, and this is '
            f'{devices} on {sys.platform}; for several GPUs use torchrun and --launcher pytorch'
        )


def can_fork(contestants: Sequence[Contestant]) -> bool:
    """Whether several processes, forked from this one, can predict with these models."""
    # macOS has fork, but its numerical libraries do not survive it.
    forks = sys.platform != 'darwin' and 'fork' in multiprocessing.get_all_start_methods()
    alone = dist.is_available() and not dist.is_initialized()
    return forks and alone and all(one.device == 'cpu' for one in contestants)


def threads_of(jobs: int) -> int:
    """Threads of each of so many processes: OMP_NUM_THREADS, or a fair share of the cores."""
    return threads_asked() or max(1, cores() // jobs)


def threads_asked() -> int | None:
    """OMP_NUM_THREADS, if it is set to a number."""
    first = os.environ.get('OMP_NUM_THREADS', '').partition(',')[0].strip()
    return int(first) if first.isdigit() and int(first) > 0 else None


def cores() -> int:
    """Cores that this process may use; a container's share counts as whole ones."""
    number = os.cpu_count() or 1
    if hasattr(os, 'sched_getaffinity'):
        number = len(os.sched_getaffinity(0))
    quota, _, period = _read('cpu.max').partition(' ')
    if quota.isdigit() and period.isdigit():
        number = min(number, max(1, round(int(quota) / int(period))))
    return number


def free_memory() -> int | None:
    """Bytes that can be had without swapping, of the machine and the container; None: unknown."""
    found = []
    try:
        lines = Path('/proc/meminfo').read_text().splitlines()
        found += [int(x.split()[1]) * 1024 for x in lines if x.startswith('MemAvailable:')]
    except OSError:
        pass  # not Linux
    for limit, used, statistics, cached in _MEMORY:
        limit, used = _read(limit), _read(used)
        if limit.isdigit() and used.isdigit():
            files = dict(line.split()[:2] for line in _read(statistics).splitlines())
            found.append(max(0, int(limit) - int(used) + int(files.get(cached, 0))))
    return min(found, default=None)


def peak_memory() -> int:
    """Bytes that this process held at most so far."""
    import resource  # not on Windows, which has no fork either

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _read(name: str) -> str:
    try:
        return (_CGROUP / name).read_text().strip()
    except OSError:
        return ''
