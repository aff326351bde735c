"""Ramps, distances along rays, and holes; relative depth is tested with haze."""

import warnings

import numpy as np
import pytest
from scipy import ndimage

from mmdegrade.degradations import KINDS, degrade
from mmdegrade.degradations.weather.depth import (
    depth_ramp,
    fill_depth_holes,
    metric_depth_ramp,
    ray_distance,
    warn_no_depth,
)

RNG = np.random.default_rng(0)


def test_metric_ramp():
    ramp = metric_depth_ramp(101, 3)
    assert ramp.shape == (101, 3) and ramp.dtype == np.float32
    r = np.linspace(1, 0, 101)
    assert np.allclose(ramp[:, 1], 5 * np.exp(np.log(60) * r * np.sqrt(r)), rtol=1e-5)
    assert ramp[0, 0] == pytest.approx(300) and ramp[-1, 0] == 5
    assert np.array_equal(metric_depth_ramp(101, 1), ramp[:, :1])
    assert metric_depth_ramp(1, 1)[0, 0] == pytest.approx(300)


@pytest.mark.parametrize('centre', [None, (3.5, 20.0)])
@pytest.mark.parametrize('focal', [30.0, (30.0, 40.0)])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_ray_distance_is_the_length_of_the_ray(focal, centre, dtype):
    z = RNG.uniform(1, 50, (21, 34)).astype(dtype)
    z[0, 0] = np.inf
    kept = z.copy()
    out = ray_distance(z, focal, centre)
    fx, fy = (focal, focal) if np.ndim(focal) == 0 else focal
    cx, cy = centre or (16.5, 10.0)
    for y in range(21):
        for x in range(34):
            point = np.array([(x - cx) / fx, (y - cy) / fy, 1]) * z[y, x] if y + x else np.inf
            assert out[y, x] == pytest.approx(np.linalg.norm(point), rel=1e-6)
    assert out.dtype == dtype and np.array_equal(z, kept)
    with pytest.raises(ValueError, match='focal must be above 0'):
        ray_distance(z, 0)


@pytest.mark.parametrize('share', [0.02, 0.5, 0.97])
def test_holes_take_the_nearest_measure(share):
    depth = RNG.uniform(1, 90, (70, 90)).astype(np.float32)
    holes = ndimage.gaussian_filter(RNG.random((70, 90)), 3)
    holes = holes < np.quantile(holes, share)
    out = fill_depth_holes(depth, holes)
    assert out.dtype == np.float32 and np.array_equal(out[~holes], depth[~holes])
    distance, (rows, columns) = ndimage.distance_transform_edt(holes, return_indices=True)
    assert (out == depth[rows, columns]).mean() > 0.9  # of several equally near, any will do
    y, x = np.nonzero(~holes)
    values = depth[y, x]
    for row, column in zip(*np.nonzero(holes), strict=True):
        chosen = np.flatnonzero(values == out[row, column])[0]
        away = np.hypot(y[chosen] - row, x[chosen] - column)
        assert away <= 1.04 * distance[row, column] + 1e-9


def test_holes_by_value():
    depth = np.array([[0, 2, np.nan], [4, 0, np.inf]])
    out = fill_depth_holes(depth)
    assert out[0, 1] == 2 and out[1, 0] == 4 and out[1, 2] == np.inf
    assert out[0, 0] in (2, 4) and np.all(out > 0)
    assert depth[0, 0] == 0 and np.isnan(depth[0, 2])
    whole = np.ones((2, 2), np.float32)
    assert np.array_equal(fill_depth_holes(whole), whole)
    assert fill_depth_holes(whole) is not whole
    with pytest.raises(ValueError, match='no measured pixel'):
        fill_depth_holes(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r'\(2, 2\) and \(3, 2\)'):
        fill_depth_holes(whole, np.zeros((3, 2), bool))


@pytest.mark.parametrize('kind', ['haze', 'fog', 'rain'])
def test_the_ramp_is_warned_of_once(kind):
    img = np.zeros((8, 8, 3), np.uint8)
    warn_no_depth.cache_clear()
    depth = np.ones((8, 8), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        degrade(img, kind, 1, rng=0, depth=depth)
    with pytest.warns(UserWarning, match=f'{kind}: no depth given.*depth=.*LoadDepth'):
        degrade(img, kind, 1, rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        degrade(img, kind, 2, rng=0)


def test_units():
    units = {name: kind.depth_unit for name, kind in KINDS.items()}
    assert units['haze'] == 'relative' and units['fog'] == units['rain'] == 'metres'
    assert units['gblur'] is None
    assert all((unit is None) == (not KINDS[name].uses_depth) for name, unit in units.items())


def test_ramps_agree_on_which_way_is_up():
    assert np.array_equal(np.argsort(depth_ramp(9, 1)[:, 0]), np.arange(8, -1, -1))
    assert np.array_equal(np.argsort(metric_depth_ramp(9, 1)[:, 0]), np.arange(8, -1, -1))
