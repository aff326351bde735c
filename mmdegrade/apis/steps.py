"""Run commands that depend on each other, a few at a time, and skip those already done."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmengine.fileio import put_text

from .json_files import read_json

TAIL_LINES = 25
PROGRESS = re.compile(r'Iter\(\w+\) \[ *(\d+)/(\d+)\]|Epoch\(\w+\) \[ *(\d+)/(\d+)\]')


class StepFailed(RuntimeError):
    """A step ended with an error or without its result; the text holds the end of its log."""


@dataclass(frozen=True)
class Step:
    """One command.

    Args:
        name: Unique, for people and in ``needs``.
        command: Program and arguments.
        log: File for what it prints.
        done: Tells whether its result is there; asked before it starts and after it ended.
        needs: Names of the steps before it.
        seconds: About how long it takes, for the estimate of the time left.
        threads: ``OMP_NUM_THREADS`` of the command. Two on a machine of two cores are fast when it
            is idle and far slower than one when anything else runs.
    """

    name: str
    command: Sequence[str]
    log: Path
    done: Callable[[], bool]
    needs: tuple[str, ...] = ()
    seconds: float = 10
    threads: int = 1


def run_steps(
    steps: Sequence[Step],
    times: Path,
    at_once: int = 2,
    cwd: Path | None = None,
    say: Callable[[str], None] = print,
    every: float = 30,
) -> dict[str, dict[str, float]]:
    """Run the steps that are not done, in order, as soon as those they need are.

    Args:
        steps: All steps.
        times: JSON file that keeps ``{name: {wall, cpu}}`` in seconds, from earlier runs too.
        at_once: Most commands at a time.
        cwd: Where the commands run.
        say: Receives a line when a step starts and ends, and in between.
        every: Seconds between two lines when nothing starts or ends.

    Returns:
        What ``times`` holds at the end.

    Raises:
        ValueError: A step needs one that does not exist or comes later; ``times`` is no JSON.
        StepFailed: A command failed. The others that run are stopped.
    """
    names = [step.name for step in steps]
    for i, step in enumerate(steps):
        if not set(step.needs) <= set(names[:i]):
            raise ValueError(f'step {step.name!r} needs {step.needs}; before it are {names[:i]}')
    taken = read_json(times) if times.is_file() else {}
    waiting = [step for step in steps if not step.done()]
    finished = {step.name for step in steps} - {step.name for step in waiting}
    for step in steps:
        if step.name in finished:
            say(f'{step.name}: done before')
    running: dict[str, tuple[Step, subprocess.Popen, float]] = {}
    spoken = time.monotonic()
    try:
        while waiting or running:
            for step in list(waiting):
                if len(running) < at_once and finished.issuperset(step.needs):
                    waiting.remove(step)
                    running[step.name] = step, _start(step, cwd), time.monotonic()
                    say(f'{step.name}: started{_left(waiting, running, at_once)}')
                    spoken = time.monotonic()
            time.sleep(0.1)
            for step, process, start in list(running.values()):
                usage = _ended(process)
                if usage is None:
                    continue
                del running[step.name]
                if process.returncode or not step.done():
                    raise StepFailed(_explain(step, process.returncode))
                finished.add(step.name)
                wall = time.monotonic() - start
                cpu = usage.ru_utime + usage.ru_stime
                taken[step.name] = dict(wall=round(wall, 1), cpu=round(cpu, 1))
                put_text(json.dumps(taken, indent=2) + '\n', str(times))  # atomic
                say(f'{step.name}: done in {wall:.0f} s{_left(waiting, running, at_once)}')
                spoken = time.monotonic()
            if running and time.monotonic() - spoken > every:
                shares = ', '.join(f'{s.name} {_share(s):.0%}' for s, _, _ in running.values())
                say(f'  {shares}{_left(waiting, running, at_once)}')
                spoken = time.monotonic()
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
            process.wait()
    return taken


def _start(step: Step, cwd: Path | None) -> subprocess.Popen:
    step.log.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, OMP_NUM_THREADS=str(step.threads))
    with open(step.log, 'w', encoding='utf-8') as log:
        return subprocess.Popen(
            list(step.command), stdout=log, stderr=subprocess.STDOUT, cwd=cwd, env=environment
        )


def _ended(process: subprocess.Popen):
    """Resource usage of a process and its own children once it has ended, else None."""
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if pid == 0:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


def _share(step: Step) -> float:
    """How much of a running step is done, by the last counter in its log."""
    try:
        text = step.log.read_text(encoding='utf-8', errors='replace')[-20000:]
    except FileNotFoundError:
        return 0.0
    counts = [[int(n) for n in match if n] for match in PROGRESS.findall(text)]
    return counts[-1][0] / max(1, counts[-1][1]) if counts else 0.0


def _left(waiting, running, at_once: int) -> str:
    """An estimate from the expected seconds, scaled by how the running steps come along."""
    now = time.monotonic()
    work = sum(step.seconds for step in waiting)
    pace = 1.0
    for step, _, start in running.values():
        share = _share(step)
        work += step.seconds * (1 - share)
        if share > 0.1:
            pace = max(0.2, (now - start) / share / step.seconds)
    # Free places next to a running step stay free until it ends: the waiting steps need it.
    idle = 0.0
    if waiting and len(running) < at_once and running:
        first = min(step.seconds * (1 - _share(step)) for step, _, _ in running.values())
        idle = first * (at_once - len(running))
    seconds = pace * (work + idle) / at_once
    return '' if not work else f' (about {max(1, round(seconds / 60))} min left)'


def _explain(step: Step, returncode: int) -> str:
    lines = step.log.read_text(encoding='utf-8', errors='replace').splitlines()[-TAIL_LINES:]
    reason = f'exit status {returncode}' if returncode else 'ended, but its result is missing'
    return '\n'.join([*lines, f'{step.name} failed: {reason}. Its log: {step.log}'])
