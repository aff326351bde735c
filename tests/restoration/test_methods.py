"""The registry: names, parameters, errors."""

import ast
from pathlib import Path

import numpy as np
import pytest

import mmdegrade.restoration as package
from mmdegrade.degradations import KINDS
from mmdegrade.degradations.parameters import Real
from mmdegrade.restoration import METHODS, Method, register, resolve_method, restore
from mmdegrade.restoration.methods import _methods

IMG = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
DEFAULTS = {
    'median': dict(size=3),
    'wiener': dict(noise=0.003),
    'richardson_lucy': dict(iterations=30, accelerate=True),
    'blind_deconvolution': dict(size=9, iterations=10),
    'dark_channel': dict(omega=0.95, t0=0.1, patch=15, radius=20, airlight=None),
    'colour_attenuation': dict(beta=1.0, t0=0.1, patch=15, radius=60, airlight=None),
    'non_local_means': dict(patch=3, search=21),
    'bm3d': dict(),
}


def test_names_and_defaults():
    assert set(METHODS) == set(DEFAULTS)
    for name, defaults in DEFAULTS.items():
        assert METHODS[name].name == name and METHODS[name].defaults == defaults
        assert METHODS[name].source and set(METHODS[name].undoes) <= set(KINDS)
    assert {kind for method in METHODS.values() for kind in method.undoes} >= {
        'gblur', 'mblur', 'defocus', 'saltpepper', 'haze', 'fog', 'awgn',
    }  # fmt: skip
    with pytest.raises(TypeError):
        METHODS['new'] = METHODS['median']


def test_the_table_of_the_package_names_every_method():
    for name in METHODS:
        assert f'\n{name} ' in package.__doc__


def test_resolve():
    assert resolve_method('median') == dict(size=3)
    assert resolve_method('median', size=np.int64(5)) == dict(size=5)
    resolved = resolve_method('wiener', psf=[[1, 2, 1]], noise=np.float32(0.5))
    assert resolved['psf'].tolist() == [[0.25, 0.5, 0.25]]
    assert type(resolved['noise']) is float and resolved['noise'] == 0.5


@pytest.mark.parametrize(
    ('request_', 'error', 'words'),
    [
        (dict(method='medain'), ValueError, "restoration method 'medain'. Did you mean 'median'"),
        (dict(method='zzz'), ValueError, "'zzz'. Methods are: median, wiener"),
        (dict(method=None), ValueError, 'unknown restoration method None'),
        (dict(method=['median']), ValueError, 'unknown restoration method'),
        (
            dict(method='median', sise=3),
            ValueError,
            "median has no parameter 'sise'. Did you mean 'size'.*Parameters are: size",
        ),
        (dict(method='median', size=2), ValueError, 'median: size must be an odd integer'),
        (dict(method='wiener'), ValueError, r'wiener needs psf \(got none\)'),
        (dict(method='wiener', noise=1), ValueError, r'needs psf \(got only noise\)'),
        (dict(method='non_local_means'), ValueError, 'non_local_means needs h'),
        (dict(method='wiener', psf='known'), TypeError, "wiener: psf .*'known' needs the Restore"),
        (
            dict(method='wiener', psf=dict(kind='gblur', sigm=3)),
            ValueError,
            "wiener: psf=.*gblur has no parameter 'sigm'. Did you mean 'sigma'",
        ),
    ],
)
def test_bad_requests(request_, error, words):
    with pytest.raises(error, match=words):
        resolve_method(**request_)
    with pytest.raises(error, match=words):
        restore(IMG, **request_)


def test_registering_a_method():
    def brighten(img, factor=2.0):
        return (img * factor).astype(img.dtype)

    parameters = dict(factor=Real(1, 10))
    register(Method('brighten', brighten, parameters, ('low_light',), source='test'))
    try:
        out, params = restore(np.full((2, 2), 0.2), 'brighten', return_params=True)
        assert out.tolist() == [[0.4, 0.4], [0.4, 0.4]] and params == dict(factor=2.0)
        with pytest.raises(ValueError, match="'brighten' is registered already"):
            register(Method('brighten', brighten, parameters, (), source='test'))
    finally:
        del _methods['brighten']
    with pytest.raises(ValueError, match=r"brighten takes \['factor'\], but .* \['fac'\]"):
        Method('x', brighten, dict(fac=Real(1)), (), source='test')


def test_imports_are_numpy_opencv_the_standard_library_and_degradations():
    allowed = {
        'numpy', 'cv2', 'functools', 'dataclasses', 'inspect', 'collections', 'types', 'mmdegrade',
        'importlib',
    }  # fmt: skip
    files = sorted(Path(package.__file__).parent.rglob('*.py'))
    assert len(files) >= 14
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for name in names:
                assert name.split('.')[0] in allowed, f'{file.name} imports {name}'
