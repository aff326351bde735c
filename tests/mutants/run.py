"""Plant every fault of ``mutants.py`` in a copy of the repository, and see which test notices it.

    python tests/mutants/run.py [NAME …] [--jobs N] [--results FILE] [--out docs/mutants.md]

First all tests named run without a fault: one that fails then would catch anything. Each fault then
gets a fresh copy and a process of its own, forked from one that has imported the dependencies, so
that seconds of imports are paid once. With ``--results``, what was found of a fault is kept, and
not asked again while its file and its tests are the same: a run that was stopped goes on. The exit
status is 1 if a fault survives or a run breaks.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.util import module_from_spec, spec_from_file_location
from multiprocessing import get_context
from pathlib import Path

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
#: What a copy needs.
PARTS = ('mmdegrade', 'tests', 'configs', 'tools', 'pyproject.toml')
PRELOADED = (
    'cv2', 'hypothesis', 'mmcv', 'mmengine.runner', 'mmpretrain', 'mmseg.apis', 'mmseg.models',
    'numpy', 'pytest', 'scipy.ndimage', 'scipy.signal', 'skimage.metrics', 'torch',
    'torchmetrics.functional.image', 'torchvision',
)  # fmt: skip
CAUGHT, SURVIVED, BROKEN = 'caught', 'SURVIVED', 'BROKEN'


@dataclass(frozen=True)
class Outcome:
    """What came of a fault: how it ended, by which test or why, and in how many seconds."""

    status: str
    reason: str
    seconds: float


class _Watch:
    """Plugin of pytest that keeps the first failure and counts what passed."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.passed = 0
        self.uncollected: list[str] = []

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        self.passed += report.passed and report.when == 'call'

    def pytest_collectreport(self, report) -> None:
        if report.failed:
            self.uncollected.append(report.nodeid)


def preload() -> None:
    """Import what tests need, but nothing of ours."""
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    _mend_torchvision()
    for name in PRELOADED:
        try:
            __import__(name)
        except ImportError as error:  # optional ones; their tests skip themselves
            print(f'not preloaded: {name} ({error})', file=sys.stderr)
    ours = sorted(name for name in sys.modules if name.split('.')[0] in ('mmdegrade', 'tests'))
    if ours:
        raise RuntimeError(f'already imported, so that no fault could reach them: {ours[:5]}')


def _mend_torchvision() -> None:
    """As the package does at its import, by a module of another name."""
    path = ROOT / 'mmdegrade/compat/torchvision_schemas.py'
    spec = spec_from_file_location('preloaded_schemas', path)
    module = sys.modules[spec.name] = module_from_spec(spec)  # keeps the schemas alive
    spec.loader.exec_module(module)
    module.ensure_torchvision()


def copy_repository(root: Path, folder: Path) -> None:
    """Copy what tests need; dates stay, so that compiled files stay valid."""
    for part in PARTS:
        source = root / part
        if source.is_dir():
            shutil.copytree(source, folder / part)
        else:
            shutil.copy2(source, folder / part)


def _child(folder: Path, tests: list[str], log: Path, connection) -> None:
    """In a process of its own: run tests in ``folder``, and send what they came to."""
    with log.open('w') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ['PYTHONPATH'] = str(folder)  # of processes that tests start
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in (here, '', str(ROOT)))]
    # The changed file may be of the same size and second as the one that was compiled.
    sys.dont_write_bytecode = True
    import pytest

    watch = _Watch()
    options = ['-q', '-p', 'no:cacheprovider', '-p', 'no:xdist', '--rootdir', str(folder)]
    status = pytest.main([*options, *tests], plugins=[watch])
    where = getattr(sys.modules.get('mmdegrade'), '__file__', None)
    connection.send((int(status), watch.failed, watch.uncollected, watch.passed, where))
    connection.close()
    sys.stdout.flush()
    os._exit(0)  # no clean-up of what the parent shares


def run_tests(folder: Path, tests: list[str], timeout: float):
    """What `_child` sends; None if it did not end in time or died."""
    context = get_context('fork')
    receiver, sender = context.Pipe(duplex=False)
    log = folder / 'pytest.log'
    process = context.Process(target=_child, args=(folder, tests, log, sender))
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(timeout) else None
    except EOFError:
        found = None
    process.join(5)
    if process.is_alive():
        process.kill()
        process.join()
    return found


def judge(found, folder: Path) -> tuple[str, str]:
    """Status and reason of a run with a fault in it."""
    if found is None:
        return BROKEN, 'died, or took too long'
    _, failed, uncollected, passed, where = found
    if where is None or not Path(where).is_relative_to(folder):
        return BROKEN, f'the tests ran {where}, not the copy'
    if uncollected:  # a fault that cannot be imported proves nothing of a test
        return BROKEN, f'{uncollected[0]} cannot be collected'
    if failed:
        return CAUGHT, failed[0]
    return (SURVIVED, '') if passed else (BROKEN, 'no test ran')


def run_mutant(mutant: Mutant, root: Path, timeout: float, keep: Path | None) -> Outcome:
    """Plant one fault in a copy of ``root``, and run its tests up to the first failure."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f'mutant_{mutant.name}_') as name:
        folder = Path(name).resolve()
        copy_repository(root, folder)
        mutant.apply(folder)
        status, reason = judge(run_tests(folder, ['-x', *mutant.tests], timeout), folder)
        if status != CAUGHT and keep is not None and (folder / 'pytest.log').is_file():
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / 'pytest.log', keep / f'{mutant.name}.log')
    return Outcome(status, reason, time.monotonic() - begin)


def check_baseline(mutants, root: Path, timeout: float) -> None:
    """Run the tests of all mutants without a fault.

    Raises:
        RuntimeError: One fails, or none runs.
    """
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with tempfile.TemporaryDirectory(prefix='mutant_none_') as name:
        folder = Path(name).resolve()
        copy_repository(root, folder)
        status, reason = judge(run_tests(folder, tests, timeout), folder)
        if status != SURVIVED:
            log = folder / 'pytest.log'
            text = log.read_text()[-3000:] if log.is_file() else ''
            raise RuntimeError(f'without any fault: {status} {reason}\n{text}')


def key(mutant: Mutant, root: Path) -> str:
    """Hash of a fault, of the file it is planted in, and of the files of its tests."""
    files = {mutant.file, *(test.partition('::')[0] for test in mutant.tests)}
    contents = [(root / file).read_text(encoding='utf-8') for file in sorted(files)]
    return hashlib.sha256(json.dumps([mutant, contents]).encode()).hexdigest()


class Results:
    """Outcomes by the keys of their faults in ``root``, in a file if one is given."""

    def __init__(self, path: Path | None, root: Path = ROOT) -> None:
        self.path, self.root = path, root
        kept = path is not None and path.is_file()
        found = json.loads(path.read_text(encoding='utf-8')) if kept else {}
        self.outcomes = {key: Outcome(**one) for key, one in found.items()}

    def get(self, mutant: Mutant) -> Outcome | None:
        """What was found; only what was caught need not be asked again."""
        found = self.outcomes.get(key(mutant, self.root))
        return found if found is not None and found.status == CAUGHT else None

    def add(self, mutant: Mutant, outcome: Outcome) -> None:
        """Keep an outcome at once."""
        self.outcomes[key(mutant, self.root)] = outcome
        if self.path is not None:
            text = {name: asdict(one) for name, one in self.outcomes.items()}
            part = self.path.with_suffix('.part')
            part.write_text(json.dumps(text, indent=1), encoding='utf-8')
            part.replace(self.path)


def page(outcomes: dict[Mutant, Outcome]) -> str:
    """The table as Markdown."""
    caught = sum(one.status == CAUGHT for one in outcomes.values())
    lines = [
        '# Mutation check of the tests',
        '',
        'Each line is a fault that `tests/mutants/run.py` plants in a copy of the repository, and '
        'the first of its tests that fails there. The faults stand in `tests/mutants/mutants.py`; '
        '`make mutants` runs them and writes this page.',
        '',
        f'{caught} of {len(outcomes)} faults are caught.',
        '',
        '| fault | file | caught by |',
        '|---|---|---|',
    ]
    for mutant, one in outcomes.items():
        # Parameters of a test may hold a pipe, which would end the cell.
        test = one.reason.partition('[')[0]
        by = f'`{test}`' if one.status == CAUGHT else f'**{one.status}** {one.reason}'.strip()
        lines.append(f'| {mutant.fault} | `{mutant.file}` | {by} |')
    return '\n'.join(lines) + '\n'


def run_all(mutants: list[Mutant], root: Path, args) -> dict[Mutant, Outcome]:
    """Outcomes of all, told as they come."""
    results = Results(args.results, root)
    todo = [one for one in mutants if results.get(one) is None]
    if todo:
        preload()
    if todo and not args.no_baseline:
        print('without a fault …', flush=True)
        check_baseline(todo, root, args.timeout * max(1, len(todo) // 4))

    def outcome_of(mutant: Mutant) -> Outcome:
        return results.get(mutant) or run_mutant(mutant, root, args.timeout, args.logs)

    outcomes = {}
    with ThreadPoolExecutor(args.jobs) as pool:
        for mutant, one in zip(mutants, pool.map(outcome_of, mutants), strict=True):
            outcomes[mutant] = one
            results.add(mutant, one)
            line = f'{mutant.name:28}{one.status:10}{one.reason}'
            print(f'{line} ({one.seconds:.0f} s)', flush=True)
    return outcomes


def parse(argv=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('names', nargs='*', help='mutants to run; default: all')
    parser.add_argument('--jobs', type=int, default=1, help='how many at a time')
    parser.add_argument('--results', type=Path, help='keep outcomes here, and go on from them')
    parser.add_argument('--out', type=Path, help='write the table, as Markdown')
    parser.add_argument('--timeout', type=float, default=300, help='seconds for one mutant')
    parser.add_argument('--logs', type=Path, help='keep the logs of those not caught here')
    parser.add_argument('--no-baseline', action='store_true', help='believe that all tests pass')
    args = parser.parse_args(argv)
    unknown = sorted(set(args.names) - {mutant.name for mutant in MUTANTS})
    if unknown:
        parser.error(f'no such mutant: {", ".join(unknown)}')
    if args.out and args.names:
        parser.error('--out writes the table of all mutants; leave the names out')
    return args


def main(argv=None) -> int:
    args = parse(argv)
    mutants = [one for one in MUTANTS if not args.names or one.name in args.names]
    for mutant in mutants:
        mutant.changed((ROOT / mutant.file).read_text(encoding='utf-8'))
    with tempfile.TemporaryDirectory(prefix='mutants_') as name:
        # All see the same state, whatever is edited meanwhile.
        root = Path(name).resolve()
        copy_repository(ROOT, root)
        outcomes = run_all(mutants, root, args)
    left = [mutant.name for mutant, one in outcomes.items() if one.status != CAUGHT]
    print(f'{len(outcomes) - len(left)} of {len(outcomes)} caught', *left, sep='\n  ')
    if args.out:
        args.out.write_text(page(outcomes), encoding='utf-8')
    return 1 if left else 0


if __name__ == '__main__':
    sys.exit(main())
