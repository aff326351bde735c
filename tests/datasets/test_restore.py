"""The Restore transform: after Degrade, with the blur known or not, and the record."""

import json

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS

from mmdegrade.datasets.transforms import (
    Degrade,
    PackDegradeInputs,
    RandomDegrade,
    Restore,
    SplitPair,
    StackPair,
)
from mmdegrade.degradations import blur, degrade
from mmdegrade.restoration import restore
from mmdegrade.restoration.point_spread import KERNELS

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (24, 32, 3), np.uint8)


def results(img=IMAGE, **extra) -> dict:
    return dict(img=img.copy(), img_path='/data/train/a.png', **extra)


def run(transforms, **extra) -> dict:
    out = results(**extra)
    for transform in transforms:
        out = transform(out)
    return out


def test_registered_and_equal_to_the_pure_function():
    transform = TRANSFORMS.build(dict(type='Restore', method='median', size=5))
    out = run([Degrade('saltpepper', 3, keep_clean=True), transform])
    hit = run([Degrade('saltpepper', 3)])['img']
    assert np.array_equal(out['img'], restore(hit, 'median', size=5))
    assert not np.array_equal(out['img'], hit)
    assert np.array_equal(out['clean_img'], IMAGE)
    assert out['restorations'] == [dict(method='median', params=dict(size=5))]
    assert [record['kind'] for record in out['degradations']] == ['saltpepper']


def test_real_images_need_no_degrade():
    out = run([Restore('median')])
    assert np.array_equal(out['img'], restore(IMAGE, 'median')) and 'degradations' not in out


@pytest.mark.parametrize(
    ('method', 'params'),
    [
        ('median', {}),
        ('wiener', dict(psf=dict(kind='gblur', sigma=1))),
        ('richardson_lucy', dict(psf=[[1, 2, 1]], iterations=3)),
        ('dark_channel', {}),
        ('non_local_means', dict(h=9)),
    ],
)
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_float_images_on_255_agree_with_uint8(method, params, dtype):
    eight = run([Restore(method, **params)])['img']
    real = run([Restore(method, **params)], img=IMAGE.astype(dtype))['img']
    assert eight.dtype == np.uint8 and real.dtype == dtype
    assert np.abs(np.clip(real, 0, 255) - eight).max() < 0.6


def test_unclipped_noise_stays_float():
    out = run([Degrade('awgn', sigma=50, clip=False), Restore('non_local_means', h=45)])
    assert out['img'].dtype == np.float32 and out['restorations'][0]['params']['h'] == 45.0


@pytest.mark.parametrize(
    'kind, params',
    [
        ('gblur', dict(degree=2)),
        ('gblur', dict(sigma=1.5, kernel_size=7)),
        ('mblur', dict(length=7, angle='random')),
        ('mblur_gaussian', dict(radius=4, sigma=3)),
        ('defocus', dict(degree=1)),
    ],
)
def test_known_blur_is_that_of_the_record(kind, params):
    out = run([Degrade(kind, **params), Restore('wiener', psf='known', noise=0.01)])
    used = out['degradations'][0]['params']
    blurred = degrade(IMAGE, kind, rng=0, **used)
    psf = dict(kind=kind, **used)
    assert np.array_equal(out['img'], restore(blurred, 'wiener', psf=psf, noise=0.01))
    error = [np.mean((img.astype(float) - IMAGE) ** 2) for img in (out['img'], blurred)]
    assert error[0] < error[1]
    (record,) = out['restorations']
    assert record == dict(method='wiener', params=dict(psf=psf, noise=0.01))
    assert json.loads(json.dumps(record)) == record


def test_every_blur_with_one_kernel_is_known():
    # Glass and zoom are none: they move every pixel differently.
    assert set(KERNELS) == {entry.name for entry in blur.KINDS} - {'glass', 'zoom'}


def test_known_blur_of_a_preset():
    out = run([Degrade('motion_blur', 1, preset='imagenet-c'), Restore('wiener', psf='known')])
    assert out['restorations'][0]['params']['psf']['kind'] == 'mblur_gaussian'


def test_the_last_blur_counts_and_noise_on_top_does_not():
    chain = [Degrade('defocus', 2), Degrade('gblur', 1), Degrade('awgn', 1)]
    out = run([*chain, Restore('wiener', psf='known', noise=0.1)])
    noisy = run(chain)['img']
    gaussian = dict(kind='gblur', sigma=1)
    assert np.array_equal(out['img'], restore(noisy, 'wiener', psf=gaussian, noise=0.1))


@pytest.mark.parametrize(
    'degradations', [[Degrade('clean')], [Degrade('gblur', 3, prob=0)], [Degrade('saltpepper', 3)]]
)
def test_without_a_blur_the_oracle_leaves_the_image_alone(degradations):
    before = run(degradations)['img']
    out = run([*degradations, Restore('richardson_lucy', psf='known', iterations=np.int64(4))])
    assert np.array_equal(out['img'], before)
    params = dict(psf=None, iterations=4, accelerate=True)
    assert out['restorations'] == [dict(method='richardson_lucy', params=params)]
    json.dumps(out['restorations'])


def test_clean_only_chain_with_other_methods():
    out = run([Degrade('clean', keep_clean=True), Restore('median')])
    assert np.array_equal(out['img'], restore(IMAGE, 'median'))
    assert np.array_equal(out['clean_img'], IMAGE)
    assert [record['kind'] for record in out['degradations']] == ['clean']


def test_random_degrade_and_two_restorers():
    chain = [dict(kind='gblur', degree=1), dict(kind='saltpepper', degree=1)]
    random = RandomDegrade(choices=[dict(chain=chain)])
    out = run([random, Restore('median'), Restore('wiener', psf='known', noise=0.05)])
    expected = restore(run([random])['img'], 'median')
    expected = restore(expected, 'wiener', psf=dict(kind='gblur', sigma=1), noise=0.05)
    assert np.array_equal(out['img'], expected)
    assert [record['method'] for record in out['restorations']] == ['median', 'wiener']


def test_the_records_of_images_are_their_own():
    transform, first = Restore('median'), results()
    transform(first)
    assert len(transform(results())['restorations']) == 1 and len(first['restorations']) == 1


def test_pair_and_packing():
    flow = [Degrade('saltpepper', 3, keep_clean=True), Restore('median'), StackPair(), SplitPair()]
    out = run(flow)
    assert np.array_equal(out['clean_img'], IMAGE)
    packed = PackDegradeInputs()(dict(out, ori_shape=(24, 32), img_shape=(24, 32)))
    assert packed['data_samples'].metainfo['restorations'] == out['restorations']
    assert np.array_equal(packed['data_samples'].clean_img.data.permute(1, 2, 0).numpy(), IMAGE)
    plain = PackDegradeInputs()(dict(run(flow[:1]), ori_shape=(24, 32), img_shape=(24, 32)))
    assert 'restorations' not in plain['data_samples'].metainfo


def test_after_split_pair():
    flow = [Degrade('gblur', 2, keep_clean=True), StackPair(), SplitPair()]
    out = run([*flow, Restore('wiener', psf='known')])
    assert np.array_equal(out['clean_img'], IMAGE)
    expected = restore(degrade(IMAGE, 'gblur', 2), 'wiener', psf=dict(kind='gblur', degree=2))
    assert np.array_equal(out['img'], expected)


def test_wrong_order():
    with pytest.raises(ValueError, match="psf='known'.*no degradation is recorded; put Degrade"):
        run([Restore('wiener', psf='known'), Degrade('gblur', 2)])
    with pytest.raises(ValueError, match='put Restore before StackPair or after SplitPair'):
        run([Degrade('gblur', 2, keep_clean=True), StackPair(), Restore('median')])
    with pytest.raises(ValueError, match='nothing to restore yet; set on_device=False'):
        run([Degrade('gblur', 2, on_device=True), Restore('median')])


@pytest.mark.parametrize(
    ('arguments', 'error', 'words'),
    [
        (dict(method='medain'), ValueError, "Did you mean 'median'"),
        (dict(method='median', sise=3), ValueError, "Did you mean 'size'"),
        (dict(method='median', size=4), ValueError, 'median: size must be an odd integer'),
        (dict(method='median', psf='known'), ValueError, "median has no parameter 'psf'"),
        (dict(method='wiener'), ValueError, 'wiener needs psf'),
        (dict(method='wiener', psf='knwon'), TypeError, "psf must be .*got 'knwon'"),
        (dict(method='wiener', psf='known', noise=-1), ValueError, 'noise must be'),
        (dict(method='wiener', psf=dict(kind='haze', degree=1)), ValueError, "'haze' is no blur"),
    ],
)
def test_wrong_settings_stop_at_construction(arguments, error, words):
    with pytest.raises(error, match=words):
        Restore(**arguments)


def test_wrong_images():
    with pytest.raises(TypeError, match='int16'):
        run([Restore('median')], img=IMAGE.astype(np.int16))


def test_repr_shows_the_setting():
    text = repr(Restore('wiener', psf='known', noise=0.1))
    assert text == 'Restore(method=wiener, psf=known, noise=0.1)'
