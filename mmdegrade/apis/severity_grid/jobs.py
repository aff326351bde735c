"""A grid in several processes of one machine: the ranks of ``Grid.run`` without a launcher.

A network on a CPU uses several cores badly: its layers are short, and the threads wait for each
other at the end of each. Whole images on one thread each keep all cores busy. The processes are
forked when models and data are loaded, so that starting costs nothing and the weights are held
once; they then form a gloo group, in which ``Grid.run`` shares the images as under ``torchrun``.
Each loads and degrades its own images, so none is sent from one process to another.
"""

import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from datetime import timedelta
from multiprocessing.connection import wait

import torch
import torch.distributed as dist

from .job_count import threads_of
from .runner import Grid

# A process that is done waits for the others, whose images may take longer.
_PATIENCE = timedelta(days=30)
_FEWER = 'What was predicted is kept; run the same command again, with fewer --jobs'


def run_jobs(
    grid: Grid, jobs: int, workers: int, progress: Callable[[int, int], None] | None = None
) -> int:
    """``Grid.run`` in this process and ``jobs - 1`` copies of it.

    Args:
        grid: On the CPU; afterwards its journal holds all.
        jobs: Number of processes.
        workers: Processes that load and degrade, for each of them; 0: itself.
        progress: As in ``Grid.run``.

    Returns:
        int: Predictions made, in all processes.

    Raises:
        ValueError, OSError: As ``Grid.run``, whichever process met it; the others are stopped.
        ChildProcessError: A process was killed.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(threads_of(jobs))
    try:
        with tempfile.TemporaryDirectory() as folder:
            others = _Others(grid, jobs, workers, folder)
            try:
                with _group(folder, 0, jobs, others.look):
                    made = grid.run(workers, others.watch(progress))
                others.join()
                return made
            except RuntimeError:
                others.look(seconds=5)  # if the group broke: whoever broke it says why
                raise
            finally:
                others.stop()
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _group(folder: str, rank: int, size: int, look: Callable[[], None]):
    """A process group for the time of the context; ``look`` raises if one will never come."""
    # Gloo would wait for a dead process as long as for a slow one: all must be here first.
    store = dist.FileStore(f'{folder}/here', size)
    store.set(str(rank), 'here')
    while not store.check([str(other) for other in range(size)]):
        look()
        time.sleep(0.01)
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/group', rank=rank, world_size=size, timeout=_PATIENCE
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


class _Others:
    """The processes but the first, forked at once."""

    def __init__(self, grid: Grid, jobs: int, workers: int, folder: str) -> None:
        context = multiprocessing.get_context('fork')
        self.processes, self.errors = [], []
        self.reasons: dict[int, Exception] = {}
        for rank in range(1, jobs):
            receive, send = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(grid, rank, jobs, workers, folder, os.getpid(), send)
            )
            try:
                process.start()
            except OSError:  # no memory, or too many processes
                self.stop()
                raise
            send.close()  # the child's end is the only one left, and closes with it
            self.processes.append(process)
            self.errors.append(receive)

    def watch(self, progress):
        """A progress callback that also looks whether all are alive."""

        def look(done: int, total: int) -> None:
            self.look()
            if progress is not None:
                progress(done, total)

        return look

    def look(self, seconds: float = 0) -> None:
        """Raise what ended a process, if one failed; wait for that so long at most."""
        end = time.monotonic() + seconds
        while living := [one.sentinel for one in self.processes if one.exitcode is None]:
            ended = wait(living, timeout=max(0, end - time.monotonic()))
            self._raise_failure()
            if not ended:
                return
        self._raise_failure()

    def join(self) -> None:
        """Wait for all to end."""
        for process in self.processes:
            process.join()
        self._raise_failure(lost=True)

    def _raise_failure(self, lost: bool = False) -> None:
        """Raise the error of a process; one that only lost touch with another counts if asked."""
        for at, process in enumerate(self.processes):
            if process.exitcode and at not in self.reasons:
                self.reasons[at] = self._reason(at)
        for reason in self.reasons.values():
            if lost or not isinstance(reason, ConnectionAbortedError):
                raise reason

    def _reason(self, at: int) -> Exception:
        code = self.processes[at].exitcode
        if code < 0:
            name = signal.Signals(-code).name
            hint = ' (out of memory?)' if name == 'SIGKILL' else ''
            return ChildProcessError(f'a process was ended by {name}{hint}. {_FEWER}')
        try:
            return pickle.loads(self.errors[at].recv_bytes())
        except EOFError:
            return ChildProcessError(f'a process ended with status {code}. {_FEWER}')

    def stop(self) -> None:
        """End those that still run; what they predicted is in their journals."""
        for process in self.processes:
            if process.exitcode is None:
                process.terminate()
        for process in self.processes:
            process.join()
        for error in self.errors:
            error.close()


def _work(grid: Grid, rank: int, jobs: int, workers: int, folder: str, parent: int, send) -> None:
    """What a forked process does. It leaves without the clean-up that belongs to its parent."""
    for number in (signal.SIGTERM, signal.SIGINT):  # the first process has it too, and speaks
        signal.signal(number, signal.SIG_DFL)
    status = [1]

    def orphaned(*_) -> None:
        if os.getppid() != parent:
            raise ConnectionAbortedError('the first process is gone')

    def predict() -> None:
        try:
            with _group(folder, rank, jobs, orphaned):
                grid.journal.start_anew()
                grid.run(workers, orphaned)
            status[0] = 0
        except Exception as error:  # whatever it is, the first process raises it
            with suppress(BrokenPipeError):  # unless it is gone
                send.send_bytes(_portable(error))

    if torch.get_num_threads() > 1:
        # OpenMP's threads did not come along, but its main thread believes in them; a new one
        # starts its own.
        thread = threading.Thread(target=predict)
        thread.start()
        thread.join()
    else:
        predict()
    grid.journal.close()
    os._exit(status[0])


def _portable(error: Exception) -> bytes:
    """An error as the first process gets it."""
    if isinstance(error, RuntimeError) and 'onnection' in str(error):
        error = ConnectionAbortedError(str(error))  # of the group: another process left it
    elif not isinstance(error, (ValueError, TypeError, OSError)):
        error = RuntimeError(''.join(traceback.format_exception(error)))
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:  # its class needs arguments of its own: the text does
        data = pickle.dumps(ValueError(str(error)))
    return data
