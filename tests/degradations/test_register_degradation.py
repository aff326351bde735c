"""A degradation from outside the package: one decorator around a function of float images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmdegrade.degradations import KINDS, degrade, register_degradation, resolve_params
from mmdegrade.degradations.kinds import _kinds
from mmdegrade.degradations.parameters import Integer, Real

DEGREES = dict(factor=[0.9, 0.8, 0.7, 0.6, 0.5])


@pytest.fixture(autouse=True)
def kinds():
    """Forget what a test registers."""
    before = dict(_kinds)
    yield
    _kinds.clear()
    _kinds.update(before)


def dim(degrees=None, **kwargs):
    @register_degradation(
        'dim', parameters=dict(factor=Real(0, 1)), degrees=DEGREES if degrees is None else degrees,
        **kwargs,
    )  # fmt: skip
    def dim(img, factor=0.5):
        """Darken."""
        img *= factor  # in place: the caller's image must not notice
        return img

    return dim


def noisy():
    @register_degradation(
        'noisy',
        parameters=dict(level=Real(0, 1), times=Integer(1, 3)),
        degrees=[dict(level=0.1 * n, times=1) for n in range(1, 6)],
    )
    def noisy(img, level, times, rng):
        return img + times * level * rng.standard_normal(img.shape)

    return noisy


def test_it_is_a_kind_like_any_other():
    function = dim(source='a paper')
    entry = KINDS['dim']
    assert entry.source == 'a paper' and not entry.needs_rng and entry.defaults == {'factor': 0.5}
    assert [resolve_params('dim', n)['factor'] for n in range(1, 6)] == DEGREES['factor']
    assert function.__doc__ == 'Darken.' and function.__name__ == 'dim'
    out, params = degrade(np.full((2, 2), 0.5), 'dim', 2, return_params=True)
    assert out.tolist() == [[0.4, 0.4], [0.4, 0.4]] and params == {'factor': 0.8}


@pytest.mark.parametrize('shape', [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_values_of_every_dtype(shape):
    function = dim()
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, shape, np.uint8)
    before = grey.copy()
    expected = np.rint(grey / 255 * 0.8 * 255)
    out = degrade(grey, 'dim', factor=0.8)
    assert out.dtype == np.uint8 and out.shape == shape and np.array_equal(grey, before)
    assert np.abs(out.astype(float) - expected).max() <= 1 and (out == expected).mean() > 0.95
    assert np.array_equal(function(grey, 0.8), out)
    for dtype in (np.float32, np.float64):
        floats = (rng.random(shape) * 1.5 - 0.2).astype(dtype)  # outside [0, 1]: not clipped
        kept = floats.copy()
        assert np.array_equal(function(floats, factor=0.8), kept * dtype(0.8))
        assert np.array_equal(floats, kept)
        assert function(floats).dtype == dtype


def test_uint8_saturates():
    @register_degradation('shift', parameters=dict(by=Real(-2, 2)), degrees=dict(by=[1] * 5))
    def shift(img, by):
        return img + by

    grey = np.array([[0, 100, 255]], np.uint8)
    assert shift(grey, 2).tolist() == [[255] * 3] and shift(grey, -2).tolist() == [[0] * 3]
    assert shift(grey, 0).tolist() == grey.tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), height=st.integers(1, 9), width=st.integers(1, 9))
def test_same_seed_same_pixels(seed, height, width):
    _kinds.pop('noisy', None)
    noisy()
    img = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    one, two = (degrade(img, 'noisy', 5, rng=seed) for _ in range(2))
    assert KINDS['noisy'].needs_rng and np.array_equal(one, two)
    floats = img / 255
    unlike = [degrade(floats, 'noisy', 5, rng=seed + i) for i in range(2)]
    assert not np.array_equal(*unlike)


def test_what_is_refused():
    function = dim()
    with pytest.raises(ValueError, match='factor must be a number 0 to 1, got 2'):
        function(np.zeros((2, 2)), 2)
    with pytest.raises(TypeError, match='uint8'):
        function(np.zeros((2, 2), np.int64))
    with pytest.raises(ValueError, match=r"dim has no parameter 'factr'. Did you mean 'factor'"):
        degrade(np.zeros((2, 2)), 'dim', factr=1)
    with pytest.raises(ValueError, match="different numbers of values: {'a': 5, 'b': 4}"):
        register_degradation('x', parameters={}, degrees=dict(a=[1] * 5, b=[1] * 4))(noisy)
    with pytest.raises(ValueError, match='5 degrees needed, got 2'):
        register_degradation('x', parameters={}, degrees=[{}, {}])(lambda img: img)
    with pytest.raises(ValueError, match=r"takes \['factor'\], but the parameters declared are"):
        register_degradation('x', parameters={}, degrees=[{}] * 5)(lambda img, factor: img)
    half = register_degradation('half', parameters={}, degrees=[{}] * 5)(lambda img: img[::2])
    with pytest.raises(ValueError, match=r'half: .* returned shape \(2, 3\) for .* \(4, 3\)'):
        half(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="'gblur' is registered already, by mmdegrade"):
        register_degradation('gblur', parameters={}, degrees=[{}] * 5)(lambda img: img)


def test_a_function_that_is_defined_again_takes_its_own_place():
    dim()
    dim(degrees=dict(factor=[0.5] * 5))  # as a notebook's cell that is run again
    assert degrade(np.ones((1, 1)), 'dim', 1).item() == 0.5
