"""The Degrade transform: keyed draws, dtypes, depth, the record, and clear errors."""

import json
import random

import numpy as np
import pytest
import torch

from mmdegrade.datasets import KeyedIndex
from mmdegrade.datasets.transforms import Degrade, RandomDegrade
from mmdegrade.degradations import KINDS, depth_ramp, gaussian_blur, haze

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (24, 32, 3), np.uint8)
MIDDLE = np.full((200, 200, 3), 128, np.uint8)  # far from saturation


def results(img=IMAGE, path='/data/camvid/train/a.png', draw=7, **extra) -> dict:
    index = 3 if draw is None else KeyedIndex(3, draw)
    return dict(img=img.copy(), img_path=path, sample_idx=index, **extra)


def run(kind='saltpepper', degree=5, seed=0, params=None, **kwargs) -> np.ndarray:
    return Degrade(kind, degree, seed=seed, **(params or {}))(results(**kwargs))['img']


def test_same_key_same_pixels_and_another_key_others():
    base = run()
    assert np.array_equal(run(), base)
    others = [
        run(draw=8),
        run(draw=None),
        run(seed=1),
        run(path='/data/camvid/train/b.png'),
        run(path='/data/camvid/val/a.png'),
        run(degree=4),
        run(kind='awgn'),
        run(degree=None, params=dict(amount=0.1)),  # the same degradation, asked for differently
    ]
    for i, one in enumerate(others):
        for other in [base, *others[:i]]:
            assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    'one, other',
    [
        (dict(sigma=10, clip=False), dict(sigma=20, clip=False)),
        (dict(degree=1, clip=False), dict(degree=2, clip=False)),
    ],
)
def test_degree_and_parameters_are_in_the_key(one, other):
    # The unit noise behind two strengths must differ, not just be scaled.
    a, b = (Degrade('awgn', **p)(results(MIDDLE))['img'] - 128 for p in (one, other))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_moving_the_dataset_changes_nothing():
    base = run()
    assert np.array_equal(run(path='/elsewhere/x/train/a.png'), base)
    assert np.array_equal(run(path='train/a.png'), base)
    assert np.array_equal(run(path='/data/camvid/val/../train/./a.png'), base)


def test_global_generators_are_neither_used_nor_disturbed():
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    base = run()
    assert states() == before
    random.seed(9), np.random.seed(9), torch.manual_seed(9)
    assert np.array_equal(run(), base)


@pytest.mark.parametrize('kind', ['gblur', 'mblur', 'saltpepper', 'haze', 'awgn'])
def test_record_is_complete_and_json(kind):
    out = Degrade(kind, 3, seed=4)(results())
    (record,) = out['degradations']
    assert json.loads(json.dumps(record)) == record
    assert set(record) == {'kind', 'degree', 'params', 'seed', 'draw'}
    assert (record['kind'], record['degree'], record['seed'], record['draw']) == (kind, 3, 4, 7)
    # The record reproduces the image, given the same generator.
    value = dict(
        gblur=('sigma', 3), mblur=('length', 15), saltpepper=('amount', 0.06), haze=('beta', 2.5),
        awgn=('sigma', 30),
    )[kind]  # fmt: skip
    assert record['params'][value[0]] == value[1]


def test_drawn_numbers_are_recorded():
    out = Degrade('mblur', length=9, angle='random')(results())
    angle = out['degradations'][0]['params']['angle']
    assert 0 <= angle < 180
    assert np.array_equal(run('mblur', None, params=dict(length=9, angle='random')), out['img'])
    other = Degrade('mblur', length=9, angle='random')(results(draw=8))
    assert other['degradations'][0]['params']['angle'] != angle


def test_result_is_that_of_the_pure_function():
    expected = gaussian_blur(IMAGE, sigma=5)
    out = Degrade('gblur', 5)(results())
    assert out['img'].dtype == np.uint8 and np.array_equal(out['img'], expected)
    assert not np.array_equal(expected, IMAGE)


@pytest.mark.parametrize('kind', ['gblur', 'mblur', 'saltpepper', 'haze'])
def test_float_images_on_255_agree_with_uint8(kind):
    integer, real = run(kind), run(kind, img=IMAGE.astype(np.float32))
    assert real.dtype == np.float32
    np.testing.assert_allclose(real, integer, atol=0.501)


def test_unclipped_noise_hands_on_float_on_the_255_scale():
    for img in (MIDDLE, MIDDLE.astype(np.float32)):
        out = run('awgn', None, img=img, params=dict(sigma=25, clip=False))
        assert out.dtype == np.float32
        noise = out - np.float32(128)
        assert abs(noise.mean()) < 0.3 and abs(noise.std() - 25) < 0.3
    dark = run('awgn', None, img=MIDDLE * 0, params=dict(sigma=25, clip=False))
    assert dark.min() < -50
    assert run('awgn', None, img=MIDDLE * 0, params=dict(sigma=25)).dtype == np.uint8


def test_prob_is_the_share_of_degraded_images():
    transform = Degrade('gblur', 5, prob=0.5)
    kinds = []
    for draw in range(400):
        out = transform(results(draw=draw))
        kinds.append(out['degradations'][0]['kind'])
        assert np.array_equal(out['img'], IMAGE) == (kinds[-1] == 'clean')
    assert 160 < kinds.count('gblur') < 240  # four standard deviations
    clean = transform(results(draw=kinds.index('clean')))['degradations']
    draw = kinds.index('clean')
    assert clean == [dict(kind='clean', degree=None, params={}, seed=0, draw=draw)]
    assert Degrade('gblur', 5, prob=0)(results())['degradations'][0]['kind'] == 'clean'


def test_haze_uses_the_depth_of_the_image():
    metric = np.linspace(2, 80, 24 * 32, dtype=np.float32).reshape(24, 32)
    out = Degrade('haze', beta=2)(results(depth=metric, seg_fields=['depth']))
    assert np.array_equal(out['img'], haze(IMAGE, 2, depth=metric / 80))
    assert out['degradations'][0]['params']['depth'] == 'given'
    json.dumps(out['degradations'])
    far = Degrade('haze', beta=2)(results(depth=metric, depth_far=160.0))
    assert np.array_equal(far['img'], haze(IMAGE, 2, depth=metric / 160))
    ramp = Degrade('haze', beta=2)(results())
    assert np.array_equal(ramp['img'], haze(IMAGE, 2, depth=depth_ramp(24, 32)))
    assert ramp['degradations'][0]['params']['depth'] is None
    # Depth in the results is no business of other kinds.
    assert np.array_equal(Degrade('gblur', 5)(results(depth=metric))['img'], run('gblur'))


def test_clean_changes_nothing_and_says_so():
    out = Degrade('clean', keep_clean=True)(results())
    assert np.array_equal(out['img'], IMAGE) and np.array_equal(out['clean_img'], IMAGE)
    assert out['degradations'] == [dict(kind='clean', degree=None, params={}, seed=0, draw=7)]


def test_keep_clean_keeps_a_copy():
    given = results()
    out = Degrade('saltpepper', 5, keep_clean=True)(given)
    assert np.array_equal(out['clean_img'], IMAGE) and not np.array_equal(out['img'], IMAGE)
    out['img'][:] = 0
    assert np.array_equal(out['clean_img'], IMAGE)
    assert 'clean_img' not in Degrade('saltpepper', 5)(results())
    same = Degrade('clean', keep_clean=True)(results())
    assert not np.shares_memory(same['img'], same['clean_img'])


def test_chained_degradations():
    out = Degrade('gblur', 2, keep_clean=True)(results())
    blurred = out['img'].copy()
    out = Degrade('saltpepper', 5, keep_clean=True)(out)
    assert np.array_equal(out['clean_img'], IMAGE)
    assert [record['kind'] for record in out['degradations']] == ['gblur', 'saltpepper']
    changed = out['img'] != blurred
    assert 0.05 < changed.mean() < 0.15
    with pytest.raises(ValueError, match='not clean any more: set keep_clean on the first'):
        Degrade('saltpepper', 5, keep_clean=True)(Degrade('gblur', 2)(results()))


def test_two_of_one_kind_draw_independently():
    noise = Degrade('awgn', sigma=10, clip=False)
    out = noise(noise(results(MIDDLE)))
    assert abs((out['img'] - 128).std() - 10 * 2**0.5) < 0.2  # one draw twice would give 20


def test_any_image_without_path_or_index_works():
    one = Degrade('saltpepper', 5)(dict(img=IMAGE.copy()))
    assert np.array_equal(one['img'], Degrade('saltpepper', 5)(dict(img=IMAGE.copy()))['img'])
    assert one['degradations'][0]['draw'] is None


def test_repr_shows_the_setting():
    text = repr(Degrade('awgn', sigma=25, prob=0.5, seed=3))
    for part in ('kind=awgn', 'sigma=25', 'prob=0.5', 'seed=3', 'degree=None', 'keep_clean=False'):
        assert part in text


@pytest.mark.parametrize(
    'arguments, error, message',
    [
        (dict(kind='gblurr', degree=1), ValueError, "Did you mean 'gblur'"),
        (dict(kind='gblur', degree=6), ValueError, 'degree must be 1-5.*got 6'),
        (dict(kind='gblur', degree=0), ValueError, 'degree must be 1-5'),
        (dict(kind='gblur'), ValueError, 'needs degree'),
        (dict(kind='gblur', degree=1, sigmas=2), ValueError, "Did you mean 'sigma'"),
        (dict(kind='gblur', degree=1, prob=2), ValueError, 'prob=2 is not a probability'),
        (dict(kind='gblur', degree=1, prob=-0.1), ValueError, 'prob=-0.1'),
    ],
)
def test_wrong_settings_stop_at_construction(arguments, error, message):
    with pytest.raises(error, match=message):
        Degrade(**arguments)


def test_choosing_a_kind_later_keeps_what_else_was_set():
    degrade = Degrade(keep_clean=True, prob=0.25, on_device=True)
    degrade.choose('gblur', 3)
    assert (degrade.keep_clean, degrade.prob, degrade.on_device) == (True, 0.25, True)
    degrade.choose('gblur', 3, prob=1.0, keep_clean=False, on_device=False)
    assert 'clean_img' not in degrade(results())


def test_no_kind_stops_at_the_first_image():
    with pytest.raises(ValueError, match='kind is not set.*Allowed kinds: clean, gblur'):
        Degrade()(results())


def test_wrong_images():
    with pytest.raises(TypeError, match=r'Degrade, .*a\.png: an image must be uint8 .*int16'):
        Degrade('gblur', 1)(results(IMAGE.astype(np.int16)))
    with pytest.raises(ValueError, match=r'RandomDegrade, .*a\.png: .* must be finite, got NaN'):
        RandomDegrade([dict(kind='gblur', degree=1)])(results(IMAGE * np.float32(np.nan)))
    mask = np.zeros((24, 31), np.uint8)
    with pytest.raises(ValueError, match=r'gt_seg_map differ.*a\.png is 24x32, m\.png is 24x31'):
        Degrade('gblur', 1)(
            results(gt_seg_map=mask, seg_fields=['gt_seg_map'], seg_map_path='m.png')
        )
    with pytest.raises(ValueError, match=r'depth differ.*d\.npy is 23x32'):
        Degrade('clean')(results(depth=np.ones((23, 32)), seg_fields=['depth'], depth_path='d.npy'))


@pytest.mark.parametrize('kind', KINDS)
def test_masks_stay_untouched_by_every_kind(kind):
    mask = RNG.integers(0, 11, IMAGE.shape[:2], np.uint8)
    out = Degrade(kind, 3)(results(gt_seg_map=mask.copy(), seg_fields=['gt_seg_map']))
    assert np.array_equal(out['gt_seg_map'], mask)
    assert out['img'].shape == IMAGE.shape and not np.array_equal(out['img'], IMAGE)


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (dict(keep_claen=True), "no parameter 'keep_claen'.*Did you mean 'keep_clean'"),
        (dict(sgima=2), "no parameter 'sgima'. Did you mean 'sigma'.*kernel_size$"),
        (dict(degre=3), "no parameter 'degre'. Did you mean 'degree'.*kernel_size$"),
    ],
)
def test_misspelt_settings(wrong, words):
    with pytest.raises(ValueError, match=words):
        Degrade('gblur', **wrong)
