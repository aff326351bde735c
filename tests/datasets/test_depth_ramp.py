"""The ramp of the whole image: a crop of the weather is the weather of the crop."""

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.registry import TRANSFORMS

import mmdegrade.datasets.transforms  # noqa: F401
from mmdegrade.degradations import degrade

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 40, 3), dtype=np.uint8)


def results() -> dict:
    return dict(img=IMAGE.copy(), img_path='a.png', img_shape=IMAGE.shape[:2], sample_idx=0)


def test_the_map():
    """5 m at the bottom, 300 m at the top, 5 · 60^(r^1.5) between; 0 and 1 for haze."""
    found = TRANSFORMS.build(dict(type='DepthRamp'))(results())
    r = 1 - np.arange(60) / 59
    expected = np.repeat((5 * 60 ** (r**1.5))[:, None], 40, axis=1)
    np.testing.assert_allclose(found['depth'], expected, rtol=1e-5)
    assert found['depth'].dtype == np.float32 and found['depth_far'] == pytest.approx(300)
    assert found['seg_fields'] == ['depth']
    found = TRANSFORMS.build(dict(type='DepthRamp', unit='relative'))(results())
    np.testing.assert_allclose(found['depth'][:, 7], r, atol=1e-6)
    assert found['depth_far'] == 1


FOG = dict(kind='fog', beta=0.02, airlight=0.9, refine=False)
HAZE = dict(kind='haze', beta=1.5, airlight=0.9)


@pytest.mark.parametrize('params, unit', [(FOG, 'metres'), (HAZE, 'relative')])
def test_weather_of_a_crop_is_the_crop_of_the_weather(params, unit):
    whole = degrade(IMAGE, **params)
    rows = slice(20, 40)
    found = TRANSFORMS.build(dict(type='DepthRamp', unit=unit))(results())
    for key in ('img', 'depth'):
        found[key] = found[key][rows]
    found = TRANSFORMS.build(dict(type='Degrade', **params))(found)
    np.testing.assert_array_equal(found['img'], whole[rows])


def test_rain_of_a_whole_image_stays_as_it_was():
    rain = dict(type='Degrade', kind='rain', degree=2, preset='ubcn')
    given = TRANSFORMS.build(dict(type='DepthRamp'))(results())
    with_ramp = TRANSFORMS.build(rain)(given)['img']
    np.testing.assert_array_equal(with_ramp, TRANSFORMS.build(rain)(results())['img'])


def test_stock_crops_take_the_map_along():
    pipeline = Compose(
        [dict(type='DepthRamp'), dict(type='RandomCrop', _scope_='mmseg', crop_size=(20, 24))]
    )
    found = pipeline(results())
    assert found['img'].shape == (20, 24, 3) and found['depth'].shape == (20, 24)
    top = found['img'][0, 0]
    places = np.flatnonzero((IMAGE == top).all(-1).any(1))
    ramp = TRANSFORMS.build(dict(type='DepthRamp'))(results())['depth'][:, 0]
    assert found['depth'][0, 0] in ramp[places]


def test_mistakes():
    with pytest.raises(ValueError, match="unit='feet'; allowed: metres, relative"):
        TRANSFORMS.build(dict(type='DepthRamp', unit='feet'))
    with pytest.raises(ValueError, match='a.png has a depth map already'):
        TRANSFORMS.build(dict(type='DepthRamp'))(dict(results(), depth=np.ones((60, 40))))
