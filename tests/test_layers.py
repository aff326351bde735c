"""The rules of CONTRIBUTING.md that a program can check: layers, names, no asserts, registries."""

import ast
import subprocess
import sys
from pathlib import Path

import mmengine.registry as root_registry
import pytest
from mmengine.registry import Registry

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'mmdegrade'

# From the ground up. A file imports from its own level and below.
LEVELS = {
    'compat': 0,
    'degradations': 1,
    'restoration': 2,
    'datasets': 3,
    'models': 4,
    'engine': 5,
    'evaluation': 5,
    'visualization': 5,
    'apis': 6,
    'tools': 7,
}
# Layers that stand on their own: what they may import of ours, and what they may never import.
OURS_ALLOWED = {
    'compat': {'compat'},
    'degradations': {'degradations'},
    'restoration': {'restoration', 'degradations'},
}
HEAVY = ('torch', 'torchvision', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain')

FILES = sorted(PACKAGE.rglob('*.py')) + sorted((ROOT / 'tools').rglob('*.py'))


def _name(path):
    return str(path.relative_to(ROOT))


def _layer(path):
    """The layer of a file, or None for mmdegrade/__init__.py, which registers everything."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == 'tools':
        return 'tools'
    return parts[1] if len(parts) > 2 else None


def _imports(source, package):
    """Yield (line, absolute dotted name) of all imports, those inside functions too.

    For ``from a import b`` this is ``a.b``, since b may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = package.split('.')
                parent = parts[: len(parts) - node.level + 1]
                base = '.'.join([*parent, base] if base else parent)
            yield from ((node.lineno, f'{base}.{alias.name}') for alias in node.names)


def _violations(source, layer, package):
    """List what a file of a layer imports although it must not."""
    found = []
    for line, name in _imports(source, package):
        top, _, rest = name.partition('.')
        if top == 'mmdegrade' and rest:
            target = rest.partition('.')[0]
            if target not in LEVELS:  # mmdegrade.__version__
                continue
            if target not in OURS_ALLOWED.get(layer, LEVELS):
                found.append(f'line {line}: {layer} stands alone, but imports {name}')
            elif LEVELS[target] > LEVELS[layer]:
                found.append(f'line {line}: {layer} is below {target}, but imports {name}')
        elif layer in ('degradations', 'restoration') and top in HEAVY:
            found.append(f'line {line}: {layer} needs NumPy and OpenCV only, not {top}')
    return found


@pytest.mark.parametrize('path', FILES, ids=_name)
def test_imports_point_downwards(path):
    layer = _layer(path)
    if layer is None:
        return
    assert layer in LEVELS, f'{layer} is no layer; place the file in one of {sorted(LEVELS)}'
    package = '.'.join(path.relative_to(ROOT).parts[:-1])
    assert _violations(path.read_text(encoding='utf-8'), layer, package) == []


@pytest.mark.parametrize(
    ('layer', 'source', 'count'),
    [
        ('models', 'from ..datasets import x\nfrom mmdegrade.degradations.rng import y', 0),
        ('models', 'from ..engine import x', 1),
        ('models', 'from ..engine.hooks.norm_eval import x', 1),
        ('models', 'from .. import apis', 1),
        ('models', 'def f():\n    import mmdegrade.apis.report', 1),
        ('engine', 'from ..evaluation import x\nfrom mmdegrade import visualization', 0),
        ('degradations', 'import torch\nfrom mmengine import x\nimport numpy, cv2', 2),
        ('degradations', 'from ..compat import x', 1),
        ('degradations', 'from ..restoration import x', 1),
        ('restoration', 'from mmdegrade.degradations.images import x\nimport numpy', 0),
        ('restoration', 'from ..datasets import x\nfrom ..compat import y\nimport mmcv', 3),
        ('compat', 'from . import y\nimport torch', 0),
        ('compat', 'from ..degradations import x', 1),
        ('models', 'from mmdegrade import __version__', 0),
    ],
)
def test_the_check_itself(layer, source, count):
    assert len(_violations(source, layer, f'mmdegrade.{layer}')) == count


@pytest.mark.parametrize('package', ['degradations', 'restoration'])
def test_pure_functions_import_without_torch_or_openmmlab(package):
    """What the README promises: the pure functions on a machine that has only NumPy and OpenCV."""
    code = (
        'import importlib.util, sys\n'
        f'heavy = {HEAVY!r}\n'
        'class Hide:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        '        if name.partition(".")[0] in heavy:\n'
        '            raise ModuleNotFoundError(name)\n'
        'sys.meta_path.insert(0, Hide())\n'
        'original = importlib.util.find_spec\n'
        'importlib.util.find_spec = lambda name, package=None: (\n'
        '    None if name.partition(".")[0] in heavy else original(name, package))\n'
        f'import mmdegrade.{package}\n'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize('path', FILES, ids=_name)
def test_names_and_no_assert(path):
    assert path.stem not in ('utils', 'util', 'helpers', 'helper', 'misc', 'common')
    tree = ast.parse(path.read_text(encoding='utf-8'))
    asserts = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert not asserts, f'lines {asserts}: raise ValueError or TypeError, python -O drops asserts'


def _tree(registry):
    """A root registry and everything below it."""
    return [registry] + [x for child in registry.children.values() for x in _tree(child)]


ROOTS = [v for v in vars(root_registry).values() if isinstance(v, Registry)]


def _shadows(registries):
    """List our names which another class of the same kind has, in whatever package."""
    found = []
    owners = {}
    for registry in registries:
        for name, cls in registry.module_dict.items():
            owners.setdefault(name, []).append((registry, cls))
    for name, entries in owners.items():
        ours = [cls for _, cls in entries if cls.__module__.startswith('mmdegrade')]
        if ours and len({id(cls) for _, cls in entries}) > 1:
            found.append(f'{name}: {[(r.scope, cls.__module__) for r, cls in entries]}')
    return found


@pytest.mark.parametrize('root', ROOTS, ids=lambda root: root.name)
def test_we_shadow_no_other_packages_names(root):
    # Filled first: registries import lazily, and an empty one would prove nothing.
    for module in ('mmseg', 'mmpretrain'):
        importer = pytest.importorskip(f'{module}.utils')
        importer.register_all_modules(init_default_scope=False)
    assert _shadows(_tree(root)) == []


def test_the_shadow_check_itself():
    parent = Registry('thing of the layers test', scope='mmengine')
    child = Registry('thing of the layers test', parent=parent, scope='mmseg')
    theirs = type('Same', (), {'__module__': 'mmseg.models'})
    ours = type('Same', (), {'__module__': 'mmdegrade.models'})
    parent.register_module(module=ours)
    assert _shadows(_tree(parent)) == []
    child.register_module(module=theirs)
    assert len(_shadows(_tree(parent))) == 1
