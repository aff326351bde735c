"""The list of faults does not rot, and the runner tells caught faults from others.

Whether each fault is caught takes minutes: ``make mutants``.
"""

import re
import sys
from pathlib import Path

import pytest

from tests.mutants.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope='module')
def run():
    """The runner as a module; as a program it finds the list beside itself."""
    sys.path.insert(0, str(HERE))
    try:
        import run

        yield run
    finally:
        sys.path.remove(str(HERE))
        for name in ('run', 'mutants'):
            sys.modules.pop(name, None)


@pytest.mark.parametrize('mutant', MUTANTS, ids=lambda one: one.name)
def test_every_fault_can_be_planted(mutant):
    text = (ROOT / mutant.file).read_text(encoding='utf-8')
    changed = mutant.changed(text)
    assert changed != text and changed.count(mutant.new) > 0
    compile(changed, mutant.file, 'exec')  # a fault that cannot be imported proves nothing


@pytest.mark.parametrize('mutant', MUTANTS, ids=lambda one: one.name)
def test_the_tests_of_every_fault_are_there(mutant):
    assert mutant.tests
    for test in mutant.tests:
        file, _, name = test.partition('::')
        text = (ROOT / file).read_text(encoding='utf-8')
        assert not name or re.search(rf'^def {name}\(', text, re.MULTILINE), test


def test_names_and_faults_are_unique():
    for field in ('name', 'fault'):
        values = [getattr(mutant, field) for mutant in MUTANTS]
        assert len(set(values)) == len(values)
    assert len({(mutant.file, mutant.old, mutant.new) for mutant in MUTANTS}) == len(MUTANTS)
    assert all(re.fullmatch(r'[a-z0-9-]+', mutant.name) for mutant in MUTANTS)
    assert len(MUTANTS) >= 30


def test_a_text_that_is_not_there_once_is_refused(tmp_path):
    (tmp_path / 'a.py').write_text('x = 1\ny = 1\n')
    for old, words in (('1', '2 times'), ('z', '0 times')):
        mutant = Mutant('m', 'f', 'a.py', old, '7', ())
        with pytest.raises(ValueError, match=f'mutant m: .* in a.py {words}'):
            mutant.apply(tmp_path)
    with pytest.raises(ValueError, match='changes nothing'):
        Mutant('m', 'f', 'a.py', 'x', 'x', ()).apply(tmp_path)
    assert (tmp_path / 'a.py').read_text() == 'x = 1\ny = 1\n'
    Mutant('m', 'f', 'a.py', 'x = 1', 'x = 2', ()).apply(tmp_path)
    assert (tmp_path / 'a.py').read_text() == 'x = 2\ny = 1\n'


def test_judgement(run, tmp_path):
    where = str(tmp_path / 'mmdegrade' / '__init__.py')
    assert run.judge((1, ['t.py::a'], [], 0, where), tmp_path) == ('caught', 't.py::a')
    assert run.judge((0, [], [], 3, where), tmp_path) == ('SURVIVED', '')
    for found, words in (
        ((2, [], ['t.py'], 0, where), 'cannot be collected'),
        ((5, [], [], 0, where), 'no test ran'),
        ((1, ['t.py::a'], [], 0, '/elsewhere/mmdegrade/__init__.py'), 'not the copy'),
        ((1, ['t.py::a'], [], 0, None), 'not the copy'),
        (None, 'died'),
    ):
        status, reason = run.judge(found, tmp_path)
        assert status == 'BROKEN' and words in reason


def test_what_was_caught_is_not_asked_again(run, tmp_path):
    caught, survived = MUTANTS[:2]
    results = run.Results(tmp_path / 'r.json')
    results.add(caught, run.Outcome('caught', 't', 1.0))
    results.add(survived, run.Outcome('SURVIVED', '', 1.0))
    again = run.Results(tmp_path / 'r.json')
    assert again.get(caught).reason == 't' and again.get(survived) is None
    assert again.get(caught._replace(new='another fault')) is None


def test_the_page(run):
    outcomes = {
        MUTANTS[0]: run.Outcome('caught', 'tests/models/test_a.py::test_b[x|y]', 1.0),
        MUTANTS[1]: run.Outcome('SURVIVED', '', 1.0),
    }
    text = run.page(outcomes)
    assert '1 of 2 faults are caught.' in text and '| `tests/models/test_a.py::test_b` |' in text
    assert '| **SURVIVED** |' in text
