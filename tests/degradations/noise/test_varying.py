"""Noise of varying level: its field, its distribution, what is recorded."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from mmdegrade.degradations import degrade, keyed_rng
from mmdegrade.degradations.noise.level_maps import level_map_1d, level_map_2d
from mmdegrade.degradations.noise.varying import gaussian_noise_1d, gaussian_noise_2d

FIXED = {
    'awgn_1d': dict(axis='columns', direction='decreasing'),
    'awgn_2d': dict(centre_y=20.0, centre_x=300.0, direction='increasing'),
}
MAPS = {'awgn_1d': level_map_1d, 'awgn_2d': level_map_2d}


def field(kind, shape, params):
    """The level map of a record."""
    given = {name: value for name, value in params.items() if name != 'clip'}
    return MAPS[kind](*shape[:2], **given)


@pytest.mark.parametrize('kind', FIXED)
@pytest.mark.parametrize('axis', ['rows', 'columns'])
@pytest.mark.parametrize('dtype', [np.uint8, np.float32, np.float64])
def test_noise_divided_by_its_level_is_normal(kind, axis, dtype):
    img = np.full((150, 400, 3), 0.5, dtype) if dtype != np.uint8 else np.full((150, 400, 3), 128)
    img = img.astype(dtype)
    params = dict(FIXED[kind], **({'axis': axis} if kind == 'awgn_1d' else {}))
    # Not clipped: uint8 becomes float32.
    out = degrade(img, kind, sigma=100, sigma_low=5, clip=False, rng=keyed_rng(1), **params)
    assert out.dtype == (np.float32 if dtype == np.uint8 else dtype)
    clean = img / 255 if dtype == np.uint8 else img
    levels = field(kind, img.shape, dict(params, sigma=100, sigma_low=5))
    z = (out.astype(float) - clean) * 255 / levels[..., None]
    assert z.mean() == pytest.approx(0, abs=5 / math.sqrt(z.size))
    assert z.var() == pytest.approx(1, abs=5 * math.sqrt(2 / z.size))
    assert stats.kstest(z.ravel(), 'norm').pvalue > 1e-3
    # The field is right at every place, not only on the whole.
    for part in np.array_split(z, 5, axis=0) + np.array_split(z, 5, axis=1):
        assert part.var() == pytest.approx(1, abs=5 * math.sqrt(2 / part.size))
    correlation = np.corrcoef(z.reshape(-1, 3).T)[np.triu_indices(3, 1)]
    assert np.abs(correlation).max() < 5 / math.sqrt(z.size / 3)


@pytest.mark.parametrize('kind', FIXED)
def test_uint8_is_the_rounded_float(kind):
    img = keyed_rng(0).integers(0, 256, (60, 310, 3), dtype=np.uint8)
    a = degrade(img, kind, sigma=127.5, rng=keyed_rng(5), **FIXED[kind])
    b = degrade(img / 255, kind, sigma=127.5, rng=keyed_rng(5), **FIXED[kind])
    assert a.dtype == np.uint8 and b.min() < 0 and b.max() > 1
    assert np.abs(a - np.clip(b * 255, 0, 255)).max() < 0.501
    clipped = degrade(img / 255, kind, sigma=127.5, rng=keyed_rng(5), clip=True, **FIXED[kind])
    assert np.array_equal(clipped, np.clip(b, 0, 1))


@pytest.mark.parametrize('kind', FIXED)
@pytest.mark.parametrize('shape', [(9, 14), (9, 14, 1), (9, 14, 2), (9, 14, 4), (9, 14, 6)])
def test_channels_share_the_field(kind, shape):
    img = np.full(shape, 128, np.uint8)
    params = dict(FIXED[kind], sigma=200, sigma_low=0)
    if kind == 'awgn_2d':
        params.update(centre_y=4.0, centre_x=13.0)
    outs = [degrade(img, kind, rng=keyed_rng(i), **params).astype(int) for i in range(60)]
    spread = np.square(np.stack(outs) - 128).mean(axis=0)
    levels = field(kind, shape, params)
    levels = levels if len(shape) == 2 else np.repeat(levels[..., None], shape[2], 2)
    assert spread[levels == 0].max() == 0
    strong, weak = spread[levels > 150].mean(), spread[(levels > 0) & (levels < 30)].mean()
    assert strong > 5000 > 1000 > weak


@pytest.mark.parametrize('kind', FIXED)
def test_what_was_drawn_is_recorded(kind):
    img = np.full((40, 60, 3), 128, np.uint8)
    fields = []
    for seed in range(40):
        out, params = degrade(img, kind, 3, rng=seed, return_params=True)
        assert json.loads(json.dumps(params)) == params and params['clip'] is True
        levels = field(kind, img.shape, params)
        # The same field again, by the record; where it is near 0 nothing changed.
        again, same = degrade(img, kind, rng=99, return_params=True, **params)
        assert same == params
        for noisy in (out, again):
            assert np.abs(noisy.astype(int) - 128)[levels < 0.1].max(initial=0) == 0
        fields.append(params)
    assert {f['direction'] for f in fields} == {'increasing', 'decreasing'}
    if kind == 'awgn_1d':
        assert {f['axis'] for f in fields} == {'rows', 'columns'}
    else:
        centres = {(f['centre_y'], f['centre_x']) for f in fields}
        assert len(centres) > 35
        assert all(y.is_integer() and y < 40 and x.is_integer() and x < 60 for y, x in centres)


def test_functions_draw_as_degrade_does():
    img = np.full((40, 60, 3), 128, np.uint8)
    for kind, function in (('awgn_1d', gaussian_noise_1d), ('awgn_2d', gaussian_noise_2d)):
        assert np.array_equal(function(img, 51, 3), degrade(img, kind, 2, rng=3))
        assert np.array_equal(function(img, 0, 3), img)
        assert np.array_equal(function(img[:1, :1], 100, 3, direction='increasing'), img[:1, :1])


@pytest.mark.parametrize(
    ('call', 'error', 'words'),
    [
        (lambda i: gaussian_noise_1d(i, 256, 0), ValueError, 'sigma must be a number 0 to 255'),
        (lambda i: gaussian_noise_1d(i, 5, 0, sigma_low=6), ValueError, 'sigma_low must be at mo'),
        (lambda i: gaussian_noise_1d(i, 5, 0, axis='row'), ValueError, "'row'. Did you .* 'rows'"),
        (lambda i: gaussian_noise_1d(i, 5, 0, direction=1), TypeError, 'direction must be'),
        (lambda i: gaussian_noise_1d(i, 5, 0, clip=0), TypeError, 'clip must be'),
        (lambda i: gaussian_noise_2d(i, 5, 0, sigma_low=6), ValueError, 'sigma_low must be at mo'),
        (lambda i: gaussian_noise_2d(i, 5, 0, centre_y=8), ValueError, 'centre_y must .* 0 to 7 '),
        (lambda i: gaussian_noise_2d(i, 5, 0, centre_x='mid'), ValueError, "'mid'"),
        (lambda i: gaussian_noise_2d(i, 5, np.random.RandomState(0)), TypeError, 'RandomState'),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call(np.zeros((8, 9, 3), np.uint8))
