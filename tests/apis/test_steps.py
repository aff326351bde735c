"""Running steps: order, limits, skipping, failures."""

import json
import sys
import time

import pytest

from mmdegrade.apis import Step, StepFailed, run_steps


def step(folder, name, code='', needs=(), **kwargs):
    """A step that writes when it ran, and for how long."""
    out = folder / f'{name}.out'
    body = f'import pathlib, time, os\nstart = time.time()\n{code}\n'
    body += f'pathlib.Path({str(out)!r}).write_text(f"{{start}} {{time.time()}}")'
    command = [sys.executable, '-c', body]
    return Step(name, command, folder / 'logs' / f'{name}.log', out.is_file, needs, **kwargs)


def span(folder, name):
    return [float(value) for value in (folder / f'{name}.out').read_text().split()]


def test_order_and_at_most_two_at_once(tmp_path):
    sleep = 'time.sleep(0.3)'
    steps = [step(tmp_path, 'first', sleep)]
    steps += [step(tmp_path, name, sleep, ('first',)) for name in 'abc']
    steps.append(step(tmp_path, 'last', needs=('a', 'c')))
    lines = []
    times = run_steps(steps, tmp_path / 'times.json', say=lines.append)
    assert all(span(tmp_path, 'first')[1] <= span(tmp_path, name)[0] for name in 'abc')
    assert span(tmp_path, 'c')[0] >= min(span(tmp_path, 'a')[1], span(tmp_path, 'b')[1])
    assert span(tmp_path, 'last')[0] >= span(tmp_path, 'c')[1]
    assert times == json.loads((tmp_path / 'times.json').read_text())
    assert set(times) == {s.name for s in steps}
    assert all(taken['wall'] >= 0 and taken['cpu'] >= 0 for taken in times.values())
    assert sum(line.startswith('first: ') for line in lines) == 2
    assert 'min left' in lines[0]


def test_finished_steps_are_skipped_and_their_times_kept(tmp_path):
    one, two = step(tmp_path, 'one'), step(tmp_path, 'two', needs=('one',))
    run_steps([one], tmp_path / 'times.json', say=lambda line: None)
    before = span(tmp_path, 'one')
    lines = []
    times = run_steps([one, two], tmp_path / 'times.json', say=lines.append)
    assert span(tmp_path, 'one') == before
    assert lines[0] == 'one: done before'
    assert set(times) == {'one', 'two'}


def test_threads_reach_the_command(tmp_path):
    code = "print('threads', os.environ['OMP_NUM_THREADS'])"
    run_steps([step(tmp_path, 'a', code, threads=2)], tmp_path / 't.json', say=lambda line: None)
    assert (tmp_path / 'logs' / 'a.log').read_text() == 'threads 2\n'


def test_a_failure_shows_the_log_and_stops_the_others(tmp_path):
    bad = step(tmp_path, 'bad', "print('the reason'); raise SystemExit(3)")
    slow = step(tmp_path, 'slow', 'time.sleep(60)')
    later = step(tmp_path, 'later', needs=('bad',))
    start = time.monotonic()
    with pytest.raises(StepFailed) as failure:
        run_steps([slow, bad, later], tmp_path / 'times.json', say=lambda line: None)
    assert time.monotonic() - start < 30
    for part in ('the reason', 'bad failed', 'exit status 3', str(bad.log)):
        assert part in str(failure.value)
    assert not later.log.exists()


def test_a_step_without_its_result_failed(tmp_path):
    nothing = Step('empty', [sys.executable, '-c', ''], tmp_path / 'log', lambda: False)
    with pytest.raises(StepFailed, match='result is missing'):
        run_steps([nothing], tmp_path / 'times.json', say=lambda line: None)


def test_needs_must_come_before(tmp_path):
    with pytest.raises(ValueError, match="'a' needs.*'b'"):
        run_steps([step(tmp_path, 'a', needs=('b',))], tmp_path / 'times.json')
