"""`degrade`, `resolve_params`, the registry, and what every kind must keep to."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mmdegrade.degradations as package
from mmdegrade.degradations import KINDS, Degradation, degrade, keyed_rng, register, resolve_params
from mmdegrade.degradations.images import check_image
from mmdegrade.degradations.kinds import _kinds

PUBLISHED = {
    'gblur': ('sigma', (1, 2, 3, 4, 5)),
    'mblur': ('length', (5, 10, 15, 20, 25)),
    'saltpepper': ('amount', (0.02, 0.04, 0.06, 0.08, 0.10)),
    'haze': ('beta', (1.5, 2.0, 2.5, 3.0, 3.5)),
    'awgn': ('sigma', (10, 20, 30, 40, 50)),
}
DEFAULTS = {
    'gblur': {'kernel_size': None},
    'mblur': {'angle': 45.0},
    'saltpepper': {},
    'haze': {'depth': None, 'airlight': 1.0},
    'awgn': {'clip': None},
}


DETERMINISTIC = {
    'gblur', 'defocus', 'zoom', 'haze', 'fog', 'brightness', 'contrast', 'saturate', 'jpeg',
    'pixelate',
}  # fmt: skip
# By nature of the published degrees: glass 2 is weaker than 1, frost draws one of several panes,
# saturation goes down and then up, pixelate meets the blocks of the test image.
NOT_GROWING = {'glass', 'frost', 'saturate', 'pixelate'}


def textured(dtype=np.uint8, shape=(96, 80, 3)):
    rng = np.random.default_rng(0)
    blocks = rng.integers(20, 230, (shape[0] // 8, shape[1] // 8, 3)).repeat(8, 0).repeat(8, 1)
    img = np.clip(blocks + rng.normal(0, 12, shape), 0, 255).astype(np.uint8)
    return img if dtype == np.uint8 else (img / 255).astype(dtype)


@pytest.mark.parametrize('kind', PUBLISHED)
def test_published_numbers(kind):
    name, values = PUBLISHED[kind]
    for degree, value in enumerate(values, start=1):
        assert resolve_params(kind, degree) == {name: value, **DEFAULTS[kind]}
        assert resolve_params(kind, np.int64(degree)) == resolve_params(kind, **{name: value})


def test_kinds_is_a_read_only_mapping_of_names():
    assert set(PUBLISHED) <= set(KINDS)
    assert 'gblur' in KINDS and 'gaussian' not in KINDS
    assert {k: KINDS[k].depth_unit for k in KINDS if KINDS[k].uses_depth} == {
        'haze': 'relative',
        'fog': 'metres',
        'rain': 'metres',
    }
    assert {k for k in KINDS if not KINDS[k].needs_rng} == DETERMINISTIC
    with pytest.raises(TypeError):
        KINDS['new'] = KINDS['gblur']


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_degrees_grow(kind, dtype):
    img = textured(dtype)
    errors = [
        np.mean((degrade(img, kind, d, rng=keyed_rng(d)).astype(float) - img) ** 2)
        for d in range(1, 6)
    ]
    assert min(errors) > 0
    growing = all(a < b for a, b in zip(errors, errors[1:], strict=False))
    assert growing != (kind in NOT_GROWING)


@pytest.mark.parametrize('kind', KINDS)
def test_uint8_and_float_agree(kind):
    # Noise with different draws agrees in its mean square only; the rest value by value.
    img = textured()
    a = degrade(img, kind, 3, rng=keyed_rng(0)).astype(float)
    b = degrade(img.astype(np.float64) / 255, kind, 3, rng=keyed_rng(0)) * 255
    if 'clip' in KINDS[kind].parameters:
        b = np.clip(b, 0, 255)
    if kind == 'awgn':
        assert np.mean((a - img) ** 2) == pytest.approx(np.mean((b - img) ** 2), rel=0.05)
    else:
        assert np.abs(a - b).max() <= 0.5 + 1e-3


@pytest.mark.parametrize('kind', KINDS)
def test_rng_decides_alone(kind):
    img = textured()
    request = {'angle': 'random'} if kind == 'mblur' else {}
    a = degrade(img, kind, 2, rng=keyed_rng('x', 1), **request)
    assert np.array_equal(a, degrade(img, kind, 2, rng=keyed_rng('x', 1), **request))
    assert np.array_equal(
        degrade(img, kind, 2, rng=5, **request),
        degrade(img, kind, 2, rng=np.random.default_rng(5), **request),
    )
    other = degrade(img, kind, 2, rng=keyed_rng('x', 2), **request)
    assert np.array_equal(a, other) == (not KINDS[kind].needs_rng)
    unpredictable = degrade(img, kind, 2, **request)
    assert np.array_equal(a, unpredictable) == (not KINDS[kind].needs_rng)
    with pytest.raises(TypeError, match='RandomState'):
        degrade(img, kind, 2, rng=np.random.RandomState(0))


@pytest.mark.parametrize('kind', KINDS)
def test_draws_advance_the_generator(kind):
    rng = keyed_rng(0)
    degrade(textured(), kind, 1, rng=rng)
    assert (rng.random() == keyed_rng(0).random()) == (not KINDS[kind].needs_rng or kind == 'mblur')


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(list(KINDS)),
    degree=st.integers(1, 5),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64]),
    size=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    channels=st.sampled_from([None, 1, 2, 3, 4, 6]),
    layout=st.sampled_from(['plain', 'flipped', 'fortran', 'read-only', 'big-endian']),
)
def test_any_image(kind, degree, dtype, size, channels, layout):
    shape = size if channels is None else (*size, channels)
    img = np.random.default_rng(0).random(shape)
    img = np.rint(img * 255).astype(np.uint8) if dtype == np.uint8 else img.astype(dtype)
    plain = img.copy()
    if layout == 'flipped':
        img = np.ascontiguousarray(img[:, ::-1])[:, ::-1]
    elif layout == 'fortran':
        img = np.asfortranarray(img)
    elif layout == 'read-only':
        img.flags.writeable = False
    elif layout == 'big-endian':
        img = img.astype(img.dtype.newbyteorder('>'))
    out = degrade(img, kind, degree, rng=keyed_rng(0))
    assert out.shape == shape and out.dtype == dtype and np.isfinite(out).all()
    assert out.flags.writeable and not np.shares_memory(out, img)
    assert np.array_equal(img, plain)
    assert np.array_equal(out, degrade(plain, kind, degree, rng=keyed_rng(0)))


@pytest.mark.parametrize('kind', ['gblur', 'mblur', 'haze'])
def test_channel_order_does_not_matter(kind):
    img = textured()
    swapped = degrade(np.ascontiguousarray(img[..., ::-1]), kind, 4)
    assert np.array_equal(swapped, degrade(img, kind, 4)[..., ::-1])


def test_parameters_replace_those_of_the_degree():
    assert resolve_params('gblur', 2, sigma=7) == {'sigma': 7.0, 'kernel_size': None}
    assert resolve_params('gblur', 2, kernel_size=13) == {'sigma': 2.0, 'kernel_size': 13}
    img = textured()
    assert np.array_equal(degrade(img, 'gblur', 2, sigma=1), degrade(img, 'gblur', 1))


@pytest.mark.parametrize(
    ('kind', 'request_', 'expected'),
    [
        ('gblur', {'degree': 5}, {'sigma': 5.0, 'kernel_size': 31}),
        ('gblur', {'sigma': np.float32(0.5)}, {'sigma': 0.5, 'kernel_size': 5}),
        ('mblur', {'degree': 1}, {'length': 5.0, 'angle': 45.0}),
        ('saltpepper', {'degree': 1}, {'amount': 0.02}),
        ('haze', {'degree': 1}, {'beta': 1.5, 'depth': None, 'airlight': 1.0}),
        (
            'haze',
            {'beta': 2, 'depth': np.ones((96, 80), np.float32), 'airlight': 0.9},
            {'beta': 2.0, 'depth': 'given', 'airlight': 0.9},
        ),
        ('awgn', {'degree': 3}, {'sigma': 30.0, 'clip': True}),
    ],
)
def test_recorded_parameters(kind, request_, expected):
    img = textured()
    out, params = degrade(img, kind, rng=0, return_params=True, **request_)
    assert params == expected and json.loads(json.dumps(params)) == expected
    if params.get('depth') != 'given':  # the record does the same again
        assert np.array_equal(out, degrade(img, kind, rng=0, **params))


def test_clip_is_recorded_by_dtype():
    params = degrade(textured(np.float32), 'awgn', 1, rng=0, return_params=True)[1]
    assert params == {'sigma': 10.0, 'clip': False}


@pytest.mark.parametrize(
    ('request_', 'error', 'words'),
    [
        ({'kind': 'gblurr'}, ValueError, "unknown .*kind 'gblurr'. Did you mean 'gblur'.*mblur, "),
        ({'kind': 'zzz'}, ValueError, "'zzz'. Kinds are: gblur"),
        ({'kind': None}, ValueError, 'unknown degradation kind None'),
        ({'kind': ['gblur']}, ValueError, 'unknown degradation kind'),
        ({'kind': 'gblur'}, ValueError, r'gblur needs degree \(1-5\) or sigma \(got neither\)'),
        ({'kind': 'gblur', 'kernel_size': 3}, ValueError, r'or sigma \(got only kernel_size\)'),
        ({'kind': 'gblur', 'degree': 0}, ValueError, r'gblur: degree must be 1-5 .* got 0'),
        ({'kind': 'gblur', 'degree': 6}, ValueError, 'got 6'),
        ({'kind': 'gblur', 'degree': '3'}, TypeError, r"degree must be an integer 1-5, got '3'"),
        ({'kind': 'gblur', 'degree': 3.0}, TypeError, 'integer 1-5, got 3.0'),
        ({'kind': 'gblur', 'degree': True}, TypeError, r'got True \(bool\)'),
        (
            {'kind': 'gblur', 'sigm': 3},
            ValueError,
            "gblur has no parameter 'sigm'. Did you mean 'sigma'.*are: sigma, kernel_size",
        ),
        ({'kind': 'gblur', 'degre': 3}, ValueError, "no parameter 'degre'. Did you mean 'degree'"),
        ({'kind': 'gblur', 'degree': 1, 'depth': None}, ValueError, 'gblur does not use depth'),
        ({'kind': 'gblur', 'sigma': -1}, ValueError, 'gblur: sigma must be a number 0 to 100'),
        ({'kind': 'awgn', 'sigma': 300}, ValueError, 'awgn: sigma must be a number 0 to 255 grey'),
        ({'kind': 'mblur', 'length': None}, TypeError, 'mblur: length must be'),
        ({'kind': 'haze', 'degree': 1, 'depth': 'given'}, TypeError, 'haze: depth must be a float'),
    ],
)
def test_bad_requests(request_, error, words):
    with pytest.raises(error, match=words):
        resolve_params(**request_)
    with pytest.raises(error, match=words):
        degrade(textured(), **request_)


@pytest.mark.parametrize(
    ('img', 'error', 'words'),
    [
        ([[1]], TypeError, 'must be a NumPy array of shape .* got list'),
        (np.zeros((4, 4), np.int32), TypeError, 'uint8 .* float32 or float64 .* got int32'),
        (np.zeros((4, 4), np.float16), TypeError, 'got float16'),
        (np.zeros((4, 4), bool), TypeError, 'got bool'),
        (np.zeros(4, np.uint8), ValueError, r'got 1 dimensions: \(4,\)'),
        (np.zeros((1, 4, 4, 3), np.uint8), ValueError, 'got 4 dimensions'),
        (np.zeros((0, 4), np.uint8), ValueError, r'not be empty, got shape \(0, 4\)'),
        (
            np.full((4, 4), 8.5),
            ValueError,
            r'on \[0, 1\], got values in \[8.5, 8.5\]: divide by 255',
        ),
        (np.full((4, 4), -8.5), ValueError, 'divide by 255'),
        (np.array([[0, np.nan]]), ValueError, 'finite'),
        (np.array([[0, np.inf]]), ValueError, 'finite'),
        (np.array([[0, -np.inf]], np.float32), ValueError, 'finite'),
    ],
)
@pytest.mark.parametrize('kind', KINDS)
def test_bad_images(img, error, words, kind):
    with pytest.raises(error, match=words):
        degrade(img, kind, 1)
    with pytest.raises(error, match=words):
        entry = KINDS[kind]
        entry.function(img, **entry.degrees[0], **({'rng': 0} if entry.needs_rng else {}))


def test_values_outside_0_1_are_images():
    img = np.full((4, 4), 8.0)
    assert check_image(img) is img
    assert np.allclose(degrade(img, 'gblur', 1), 8)


def test_registering_a_kind():
    def darken(img, factor=0.5):
        return (img * factor).astype(img.dtype)

    factor = KINDS['haze'].parameters['airlight']
    degrees = package.steps('factor', 0.9, 0.8, 0.7, 0.6, 0.5)
    register(Degradation('darken', darken, {'factor': factor}, degrees, source='test'))
    try:
        assert degrade(np.full((2, 2), 1.0), 'darken', 2).tolist() == [[0.8, 0.8], [0.8, 0.8]]
        with pytest.raises(ValueError, match="'darken' is registered already"):
            register(Degradation('darken', darken, {'factor': factor}, degrees, source='test'))
    finally:
        del _kinds['darken']
    with pytest.raises(ValueError, match=r"darken takes \['factor'\], but .* \['fac'\]"):
        Degradation('x', darken, {'fac': factor}, degrees, source='test')
    with pytest.raises(ValueError, match='5 degrees needed, got 4'):
        Degradation('x', darken, {'factor': factor}, degrees[1:], source='test')
    with pytest.raises(ValueError, match='x: factor must be a number 0 to 1, got 2'):
        Degradation('x', darken, {'factor': factor}, ({'factor': 2},) * 5, source='test')


def test_imports_are_numpy_opencv_and_the_standard_library():
    allowed = {
        'numpy', 'cv2', 'math', 'hashlib', 'numbers', 'operator', 'struct', 'functools', 'warnings',
        'difflib', 'dataclasses', 'inspect', 'collections', 'types', 'itertools',
        'importlib', 'typing',
    }  # fmt: skip
    files = sorted(Path(package.__file__).parent.rglob('*.py'))
    root = Path(package.__file__).parent
    assert len(files) >= 20
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                inside = node.level <= len(file.relative_to(root).parts)
                assert inside, f'{file.name} reaches out of the folder'
                names = [node.module] if node.level == 0 else []
            else:
                continue
            for name in names:
                assert name.split('.')[0] in allowed, f'{file.name} imports {name}'
            assert not isinstance(node, ast.Assert)
