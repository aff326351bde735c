"""SECURITY.md: no way of running code from a file but those it names; the tests it names are there.

That checkpoints are refused: ``tests/compat/test_checkpoint_loading.py``.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ('mmdegrade', 'tools')
    for path in (ROOT / folder).rglob('*.py')
)
LOADING = 'mmdegrade/compat/checkpoint_loading.py'
#: What can run code, and the files that may call it all the same.
DANGEROUS = {
    'torch.load': {LOADING},  # always with weights_only=True, see below
    'torch.hub.load_state_dict_from_url': {LOADING},
    # From processes that the grid forked itself, through pipes that no one else holds.
    'pickle.loads': {'mmdegrade/apis/severity_grid/jobs.py'},
    'pickle.load': set(),
    'pickle.Unpickler': set(),
    'torch.hub.load': set(),
    'torch.jit.load': set(),
    'eval': set(),
    'exec': set(),
    'compile': set(),
    'yaml.load': set(),
    'yaml.unsafe_load': set(),
    'os.system': set(),
    'os.popen': set(),
    'joblib.load': set(),
    'shutil.unpack_archive': set(),
}
#: Methods of whatever object.
METHODS = ('extractall', 'extract')


def calls(path: str):
    """(dotted name, call) of every call in a file."""
    tree = ast.parse((ROOT / path).read_text(encoding='utf-8'))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keyword(call: ast.Call, name: str):
    """Value of a literal argument; None where it is not given."""
    for one in call.keywords:
        if one.arg == name:
            return ast.literal_eval(one.value)
    return None


def test_nothing_runs_code_from_files():
    found = {}
    for path in SOURCES:
        for name, call in calls(path):
            if path not in DANGEROUS.get(name, {path}):
                found[f'{path}:{call.lineno}'] = name
            if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
                found[f'{path}:{call.lineno}'] = name
            if keyword_is_true(call, 'allow_pickle') or keyword_is_true(call, 'shell'):
                found[f'{path}:{call.lineno}'] = ast.unparse(call)
    assert not found


def keyword_is_true(call: ast.Call, name: str) -> bool:
    values = [one.value for one in call.keywords if one.arg == name]
    return any(not (isinstance(v, ast.Constant) and v.value is False) for v in values)


def test_the_search_finds_what_it_looks_for(tmp_path, monkeypatch):
    """Each of these lines must be seen; else the test above proves nothing."""
    lines = [
        'torch.load(p)', 'pickle.loads(b)', 'eval(t)', 'tar.extractall()', 'os.system(c)',
        'np.load(p, allow_pickle=True)', 'np.load(p, allow_pickle=flag)', 'run(c, shell=True)',
    ]  # fmt: skip
    for line in lines:
        (tmp_path / 'a.py').write_text(line + '\n')
        monkeypatch.setitem(globals(), 'ROOT', tmp_path)
        monkeypatch.setitem(globals(), 'SOURCES', ['a.py'])
        with pytest.raises(AssertionError, match='a.py:1'):
            test_nothing_runs_code_from_files()


def test_checkpoints_are_loaded_by_weights_only():
    loads = [call for name, call in calls(LOADING) if name == 'torch.load']
    assert loads
    assert all(keyword(call, 'weights_only') is True for call in loads)


def test_no_import_hides_a_name():
    """``from torch import load`` and the like would pass the search for dotted names."""
    hidden = {tuple(name.rsplit('.', 1)) for name in DANGEROUS if '.' in name}
    for path in SOURCES:
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding='utf-8'))):
            if isinstance(node, ast.ImportFrom):
                assert not {(node.module, one.name) for one in node.names} & hidden, path
            if isinstance(node, ast.Import):
                renamed = {one.name for one in node.names if one.asname}
                assert not renamed & {module for module, _ in hidden}, path


def test_each_test_that_the_page_names_is_there():
    page = (ROOT / 'SECURITY.md').read_text(encoding='utf-8')
    named = set(re.findall(r'`(tests/[\w./]+)`', page))
    assert len(named) >= 6
    assert all((ROOT / name).exists() for name in named)
    for tool in re.findall(r'\btools/\w+\.py', page):
        assert (ROOT / tool).is_file(), tool
