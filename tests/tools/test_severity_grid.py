"""The command line of the grid: exit status, messages, several processes."""

import errno
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmdegrade.apis.severity_grid import SeverityGrid, runner, severity_grid
from mmdegrade.compat.atomic_writes import AtomicLocalBackend
from mmdegrade.degradations.kinds import _kinds
from tests.apis.severity_grid.tiny_grid import read, write_config, write_data, write_weights
from tests.tiny import fcn_r18

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'severity_grid.py'
CHOICE = '--kinds gblur --degrees 1 5 --workers 0 --jobs 1 --strips 0'.split()


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('severity_grid_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('tool')
    write_data(root, images=3)
    write_config(root)
    for seed, name in enumerate(('a', 'b')):
        write_weights(fcn_r18(), root / f'{name}.pth', seed)
    return root


def arguments(root, *checkpoints):
    return [str(x) for name in checkpoints for x in (root / 'ours.py', root / f'{name}.pth')]


def test_a_run(tool, root, tmp_path, capsys):
    pytest.importorskip('matplotlib')
    out = tmp_path / 'out'
    args = [*arguments(root, 'a', 'b'), *CHOICE, '--strips', '1', '--out', str(out)]
    args += ['--reference', 'ours-a', '--plot', str(tmp_path / 'p.png')]
    assert tool.main(args) == 0
    printed = capsys.readouterr()
    assert '18/18 predictions' in printed.err
    assert '| gblur |' in printed.out and 'mCD %' in printed.out
    found = read(out / 'results.json')
    assert [model['name'] for model in found['models']] == ['ours-a', 'ours-b']
    assert found['reference'] == 'ours-a' and found['robustness']['ours-a']['mCD'] == 100
    assert (tmp_path / 'p.png').is_file() and (out / 'report.html').is_file()
    assert len((out / 'results.csv').read_text().splitlines()) == 1 + 6
    assert all((out / entry['truth']).is_file() for entry in found['strips'])
    # The library gives the same, and the same command does nothing twice.
    models = {name: (root / 'ours.py', root / f'{name[-1]}.pth') for name in ('ours-a', 'ours-b')}
    alone = severity_grid(models, kinds=['gblur'], degrees=[1, 5], workers=0)
    assert SeverityGrid.from_json(out / 'results.json').cells == alone.cells
    assert tool.main(args) == 0 and 'predictions' not in capsys.readouterr().err


def test_floors(tool, root, tmp_path, capsys):
    args = [*arguments(root, 'a'), *CHOICE, '--out', str(tmp_path)]
    assert tool.main([*args, '--fail-below', 'gblur:5=0', 'gblur_1=0', 'clean=0']) == 0
    assert tool.main([*args, '--fail-below', 'gblur:5=99.5', 'clean=0']) == 1
    (score,) = (c['mIoU'] for c in read(tmp_path / 'results.json')['cells'] if c['degree'] == 5)
    expected = f'severity_grid: gblur_5 of ours: mIoU {score:.2f} is below 99.5'
    assert expected in capsys.readouterr().err
    stored = ['--compare', str(tmp_path / 'results.json'), '--fail-below', 'gblur:5=99.5']
    assert tool.main(stored) == 1 and expected in capsys.readouterr().err


def test_stored_results(tool, root, tmp_path, capsys):
    for name in ('a', 'b'):
        args = [*arguments(root, name), *CHOICE, '--names', name, '--out', str(tmp_path / name)]
        assert tool.main(args) == 0
    capsys.readouterr()
    files = [str(tmp_path / name / 'results.json') for name in ('a', 'b')]
    assert tool.main(['--compare', *files, '--metric', 'aAcc']) == 0
    printed = capsys.readouterr().out
    assert '| aAcc    | a: a | b: b | difference |' in printed and '| gblur_5 |' in printed
    both = ['--compare', *files, '--out', str(tmp_path / 'both'), '--reference', 'a: a']
    assert tool.main(both) == 0
    page = (tmp_path / 'both' / 'compare.html').read_text(encoding='utf-8')
    assert page.count('aria-label="Heat map of') == 2 and 'mCD' in page
    capsys.readouterr()
    # A stored grid as the reference of another.
    args = [*arguments(root, 'b'), *CHOICE, '--out', str(tmp_path / 'b'), '--reference', files[0]]
    assert tool.main(args) == 0
    both = severity_grid(
        dict(a=arguments(root, 'a'), b=arguments(root, 'b')),
        kinds=['gblur'], degrees=[1, 5], workers=0, reference='a',
    )  # fmt: skip
    one, other = read(files[1])['robustness']['ours'], both.robustness['b']
    assert one.keys() == other.keys() and {'CD', 'mCD', 'rPC'} <= one.keys()
    for key, value in one.items():
        assert value == pytest.approx(other[key]), key


@pytest.mark.parametrize(
    ('args', 'words'),
    [
        ([], 'give pairs of CONFIG CHECKPOINT .got 0'),
        (['{root}/ours.py'], 'got 1 arguments'),
        (
            ['{root}/our.py', '{root}/a.pth', *CHOICE],
            'our.py. does not exist; did you mean .*ours.py',
        ),
        (['{root}/ours.py', '{root}/c.pth', *CHOICE], 'c.pth. does not exist'),
        (['{run}', '--kinds', 'gblurr'], "Did you mean 'gblur'"),
        (['{run}', '--preset', 'sdabn'], "preset 'sdabn' has no 'gblur'. It has: awgn, poisson"),
        (['{run}', '--fail-below', 'gblur:2=40'], 'no such cell; models: ours; cells: clean'),
        (['{run}', '--fail-below', 'gblur:1'], "allowed: 'gblur:5=40'"),
        (['{run}', '--reference', 'other'], 'no such model; there are ours; or name a results'),
        (['{run}', '--reference', 'none.json'], 'none.json'),
        (['{run}', '--names', 'a', 'b'], '1 different names are needed'),
        (['{run}', '--data', '{root}/none.py'], 'none.py'),
        (['--compare', '{root}/none.json'], 'none.json'),
    ],
)
def test_errors(tool, root, tmp_path, capsys, args, words):
    run = [*arguments(root, 'a'), *CHOICE]
    given = [one for arg in args for one in (run if arg == '{run}' else [arg.format(root=root)])]
    assert tool.main([*given, '--out', str(tmp_path / 'out')]) == 2
    error = capsys.readouterr().err
    assert error.startswith('severity_grid: ')
    assert re.search(words, error), error
    assert not (tmp_path / 'out' / 'results.json').exists()


def test_a_kind_of_a_users_own(tool, root, tmp_path, capsys, monkeypatch):
    examples = TOOL.parents[1] / 'docs' / 'how_to' / 'examples'
    monkeypatch.syspath_prepend(str(examples))
    args = [*arguments(root, 'a'), '--kinds', 'vignette', '--degrees', '5', '--out', str(tmp_path)]
    args += '--workers 0 --jobs 1 --strips 0'.split()
    before = dict(_kinds)
    try:
        assert tool.main([*args, '--import', 'vignettes']) == 2
        assert '--import vignettes: there is no such module' in capsys.readouterr().err
        assert tool.main(args) == 2 and "'vignette'" in capsys.readouterr().err
        assert tool.main([*args, '--import', 'vignette']) == 0
        assert '| vignette |' in capsys.readouterr().out
        models = {'ours': (root / 'ours.py', root / 'a.pth')}
        alone = severity_grid(models, cells=[dict(kind='vignette', strength=1)], workers=0)
    finally:
        sys.modules.pop('vignette', None)
        _kinds.clear()
        _kinds.update(before)
    stored = SeverityGrid.from_json(tmp_path / 'results.json')
    scores = {cell.kind: cell.mIoU for cell in stored.cells}
    assert scores == {cell.kind: cell.mIoU for cell in alone.cells}
    assert set(scores) == {'clean', 'vignette'}


def test_out_is_needed(tool, root, capsys):
    assert tool.main([*arguments(root, 'a'), *CHOICE]) == 2
    assert '--out is needed' in capsys.readouterr().err


def test_interrupted(tool, root, tmp_path, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    args = [*arguments(root, 'a'), *CHOICE, '--out', str(tmp_path)]
    monkeypatch.setattr(runner, 'predict', interrupt)
    assert tool.main(args) == 130
    assert 'the same command goes on' in capsys.readouterr().err


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_a_full_disk(tool, root, tmp_path, capsys, monkeypatch, jobs):
    """The device that is always full stands for the journal's disk."""
    if not Path('/dev/full').exists():
        pytest.skip('needs /dev/full')
    original = Path.open

    def full(self, mode='r', **kwargs):
        return original(Path('/dev/full'), 'w') if mode == 'x' else original(self, mode, **kwargs)

    args = [*arguments(root, 'a'), *CHOICE, '--jobs', jobs, '--out', str(tmp_path)]
    monkeypatch.setattr(Path, 'open', full)
    assert tool.main(args) == 2
    error = capsys.readouterr().err
    assert 'No space left on device' in error and 'make room and run the same command' in error
    monkeypatch.undo()
    assert tool.main(args) == 0


@pytest.mark.parametrize('full', ['results.json', 'report.html', '.png'])
def test_a_disk_full_at_the_end(tool, root, tmp_path, capsys, monkeypatch, full):
    """The predictions are there; pictures that cannot be written leave the numbers."""
    put = AtomicLocalBackend.put

    def fills(self, obj, filepath):
        if str(filepath).endswith(full):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put(self, obj, filepath)

    args = [*arguments(root, 'a'), *CHOICE, '--strips', '1', '--out', str(tmp_path)]
    with monkeypatch.context() as patched:
        patched.setattr(AtomicLocalBackend, 'put', fills)
        assert tool.main(args) == 2
    error = capsys.readouterr().err
    assert 'No space left on device: cannot write all of the results to' in error
    assert 'Every prediction is kept there' in error
    assert (tmp_path / 'results.json').exists() == (full != 'results.json')
    assert tool.main(args) == 0 and 'predictions' not in capsys.readouterr().err
    assert (tmp_path / 'report.html').is_file()


def test_jobs(tool, root, tmp_path, capsys, monkeypatch):
    """Several processes: one report, one bar over all predictions."""
    args = [*arguments(root, 'a', 'b'), *CHOICE, '--jobs', '2', '--out', str(tmp_path)]
    assert tool.main(args) == 0
    printed = capsys.readouterr()
    assert '18/18 predictions' in printed.err and printed.out.count('| gblur |') == 2
    models = {name: (root / 'ours.py', root / f'{name[-1]}.pth') for name in ('ours-a', 'ours-b')}
    alone = severity_grid(models, kinds=['gblur'], degrees=[1, 5], workers=0)
    assert SeverityGrid.from_json(tmp_path / 'results.json').cells == alone.cells

    assert tool.main([*args, '--jobs', '0']) == 2
    assert 'jobs=0 must be 1 or more' in capsys.readouterr().err


@pytest.mark.slow
def test_two_processes(root, tmp_path):
    """Gloo on the CPU; one process more than shares evenly, and a run that goes on from one."""
    command = [sys.executable, '-W', 'ignore', '-m', 'torch.distributed.run']
    command += ['--nproc_per_node', '2', '--master_port', '29655', str(TOOL)]
    command += [*arguments(root, 'a'), *CHOICE, '--out', str(tmp_path), '--launcher', 'pytorch']
    one = severity_grid(
        {'ours': arguments(root, 'a')}, kinds=['gblur'], degrees=[1], workers=0, out=tmp_path
    )
    environment = dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(TOOL.parents[1]))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('| gblur |') == 1  # the first process speaks for both
    assert '3/3 predictions' in done.stderr
    assert len(list((tmp_path / 'cache').glob('*.jsonl'))) == 3
    shutil.rmtree(tmp_path / 'cache')
    grid = severity_grid({'ours': arguments(root, 'a')}, kinds=['gblur'], degrees=[1, 5], workers=0)
    assert SeverityGrid.from_json(tmp_path / 'results.json').cells == grid.cells
    assert grid.cells[:2] == one.cells
