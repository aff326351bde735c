"""RandomDegrade: choices by weight, drawn levels, chains; and Degrade with drawn levels."""

import numpy as np
import pytest
from scipy import stats

from mmdegrade.datasets import KeyedIndex
from mmdegrade.datasets.transforms import Degrade, RandomDegrade
from mmdegrade.degradations import degrade

IMAGE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def run(transform, draw=7) -> dict:
    path = '/data/camvid/train/a.png'
    return transform(dict(img=IMAGE.copy(), img_path=path, sample_idx=KeyedIndex(3, draw)))


def kinds(transform, n=600):
    return [
        '+'.join(record['kind'] for record in run(transform, draw)['degradations'])
        for draw in range(n)
    ]


def test_choices_come_by_weight_and_the_rest_stays_clean():
    transform = RandomDegrade(
        prob=0.75,
        choices=[
            dict(kind='gblur', degree=1),
            dict(chain=[dict(kind='haze', degree=1), dict(kind='saltpepper', degree=1)], weight=2),
        ],
    )
    found = kinds(transform)
    counts = [found.count(name) for name in ('clean', 'gblur', 'haze+saltpepper')]
    assert sum(counts) == 600
    assert stats.chisquare(counts, [150, 150, 300]).pvalue > 0.01


def test_a_record_repeats_its_image():
    transform = RandomDegrade(
        [dict(kind='gblur', sigma=dict(low=0.5, high=4)), dict(kind='mblur', degree=[1, 5])]
    )
    for draw in range(6):
        out = run(transform, draw)
        (record,) = out['degradations']
        assert np.array_equal(out['img'], degrade(IMAGE, record['kind'], **record['params']))
        if record['kind'] == 'mblur':
            assert record['params']['length'] == {1: 5, 5: 25}[record['degree']]


def test_a_chain_is_its_links_in_order():
    chain = [dict(kind='gblur', degree=2), dict(kind='haze', degree=1)]
    out = run(RandomDegrade([dict(chain=chain)]))
    assert np.array_equal(out['img'], degrade(degrade(IMAGE, 'gblur', 2), 'haze', 1))
    assert [record['kind'] for record in out['degradations']] == ['gblur', 'haze']


def test_draws_depend_on_the_key_alone():
    transform = RandomDegrade([dict(kind='awgn', sigma=dict(low=0, high=75))])
    first = [run(transform, draw)['img'] for draw in (1, 2)]
    again = [run(transform, draw)['img'] for draw in (2, 1)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(*first)


def test_the_clean_image_is_kept():
    out = run(RandomDegrade([dict(kind='awgn', degree=5)], keep_clean=True))
    assert np.array_equal(out['clean_img'], IMAGE) and not np.array_equal(out['img'], IMAGE)


def test_degrade_draws_levels_too():
    transform = Degrade('awgn', sigma=dict(low=0, high=75), clip=False)
    sigmas = [run(transform, draw)['degradations'][0]['params']['sigma'] for draw in range(300)]
    assert stats.kstest(sigmas, stats.uniform(0, 75).cdf).pvalue > 0.01
    degrees = {
        run(Degrade('gblur', [1, 4]), draw)['degradations'][0]['degree'] for draw in range(20)
    }
    assert degrees == {1, 4}


def test_a_preset_is_recorded_with_the_kind_behind_it():
    (record,) = run(Degrade('gaussian_noise', 1, preset='imagenet-c'))['degradations']
    assert record['kind'] == 'awgn' and record['preset'] == 'imagenet-c'
    assert record['params'] == {'sigma': pytest.approx(255 * 0.08), 'clip': True}


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(choices=[]), 'choices is empty'),
        (dict(choices=[dict(kind='gblurr', degree=1)]), r"choices\[0\].*Did you mean 'gblur'"),
        (dict(choices=[dict(kind='gblur', degree=1, weight=-1)]), 'weight=-1 must be'),
        (dict(choices=[dict(kind='gblur', degree=1, weight=0)]), 'all choices are 0'),
        (dict(choices=[dict(chain=[])]), 'chain must hold at least one'),
        (dict(choices=[dict(chain=[dict(kind='gblur', degree=1)], kind='awgn')]), 'stand alone'),
        (dict(choices=[dict(kind='gblur', degree=1)], prob=2), 'prob=2 is not a probability'),
    ],
)  # fmt: skip
def test_errors(kwargs, words):
    with pytest.raises(ValueError, match=words):
        RandomDegrade(**kwargs)


def test_choices_are_a_list():
    with pytest.raises(TypeError, match="choices={'kind': 'gblur'.* must be a list of dict"):
        RandomDegrade(dict(kind='gblur', degree=1))
