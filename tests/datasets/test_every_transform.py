"""A property of every registered transform of ours, over images that hypothesis makes up.

A transform without an entry fails the first test. The pure functions behind them have their own:
tests/degradations/test_degrade.py over every kind, tests/restoration/test_restore.py over every
method.
"""

import copy
import inspect
import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import TRANSFORMS

import tests.degradations.test_degrade as of_kinds
import tests.restoration.test_restore as of_methods
from mmdegrade.degradations import KINDS
from mmdegrade.restoration import METHODS

pytestmark = pytest.mark.filterwarnings('ignore:.*no depth given', 'ignore:depth file')
SIZES = st.tuples(st.integers(1, 24), st.integers(1, 24))
SEEDS = st.integers(0, 2**32 - 1)
NEEDED = of_methods.NEEDED
#: bm3d wants a package that few have: tests/restoration/test_bm3d.py.
INSTALLED = [name for name in METHODS if name != 'bm3d']
FLIPS = st.sampled_from([(slice(None), slice(None)), (slice(None), slice(None, None, -1)),
                         (slice(None, None, -1), slice(None))])  # fmt: skip


@st.composite
def pictures(draw, dtypes=(np.uint8, np.float32)):
    """H×W×3 of the pipeline: uint8, or float32 on 0-255."""
    rng = np.random.default_rng(draw(SEEDS))
    values = rng.integers(0, 256, (*draw(SIZES), 3), np.uint8)
    return values.astype(draw(st.sampled_from(list(dtypes))))


def results_of(img, **more) -> dict:
    return dict(img=img.copy(), img_path='a.png', img_shape=img.shape[:2],
                ori_shape=img.shape[:2], **more)  # fmt: skip


def build(name, **kwargs):
    return TRANSFORMS.build(dict(type=name, **kwargs))


def degraded(transform, img) -> dict:
    """Run a degrading transform twice; the same both times, and the clean image kept."""
    first, second = (transform(results_of(img)) for _ in range(2))
    assert np.array_equal(first['img'], second['img'])
    assert first['degradations'] == second['degradations']
    assert first['img'].shape == img.shape and np.isfinite(first['img']).all()
    assert first['img'].dtype in (img.dtype, np.float32)
    assert np.array_equal(first['clean_img'], img) and first['clean_img'].dtype == img.dtype
    assert not np.shares_memory(first['img'], first['clean_img'])
    json.dumps(first['degradations'])
    return first


@settings(max_examples=60, deadline=None)
@given(img=pictures(), kind=st.sampled_from(list(KINDS)), degree=st.integers(1, 5))
def degrade(path, img, kind, degree):
    out = degraded(build('Degrade', kind=kind, degree=degree, keep_clean=True), img)
    assert [one['kind'] for one in out['degradations']] == [kind]


@settings(max_examples=40, deadline=None)
@given(
    img=pictures(),
    kinds=st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=3),
    prob=st.sampled_from([0, 0.5, 1]),
    seed=st.integers(0, 1000),
)
def random_degrade(path, img, kinds, prob, seed):
    choices = [dict(kind=kind, degree=[1, 3]) for kind in kinds]
    out = degraded(build('RandomDegrade', choices=choices, prob=prob, seed=seed, keep_clean=True),
                   img)  # fmt: skip
    (record,) = out['degradations']
    assert record['kind'] in (*kinds, 'clean') and (record['kind'] in kinds or prob < 1)
    assert record['degree'] in (1, 3, None)
    if record['kind'] == 'clean':
        assert np.array_equal(out['img'], img)


@settings(max_examples=40, deadline=None)
@given(img=pictures(), method=st.sampled_from(INSTALLED))
def restore(path, img, method):
    transform = build('Restore', method=method, **NEEDED.get(method, {}))
    first, second = (transform(results_of(img, clean_img=img.copy())) for _ in range(2))
    assert first['img'].shape == img.shape and first['img'].dtype == img.dtype
    assert np.isfinite(first['img']).all() and np.array_equal(first['img'], second['img'])
    assert np.array_equal(first['clean_img'], img)
    assert [one['method'] for one in first['restorations']] == [method]


@settings(max_examples=40, deadline=None)
@given(img=pictures([np.uint8]), to_float32=st.booleans())
def load_image(path, img, to_float32):
    cv2.imwrite(str(path / 'a.png'), img)
    out = build('LoadImage', to_float32=to_float32)(dict(img_path=str(path / 'a.png')))
    assert np.array_equal(out['img'], img) and out['img_shape'] == img.shape[:2]
    assert out['img'].dtype == (np.float32 if to_float32 else np.uint8)


@settings(max_examples=40, deadline=None)
@given(img=pictures([np.uint8]), clean=SEEDS)
def load_clean_image(path, img, clean):
    other = np.random.default_rng(clean).integers(0, 256, img.shape, np.uint8)
    cv2.imwrite(str(path / 'clean.png'), other)
    out = build('LoadCleanImage')(results_of(img, clean_path=str(path / 'clean.png')))
    assert np.array_equal(out['clean_img'], other) and np.array_equal(out['img'], img)
    out = build('LoadCleanImage', rename=('/rain[.]', '/clean.'))(
        {**results_of(img), 'img_path': str(path / 'rain.png')}
    )
    assert np.array_equal(out['clean_img'], other)


@settings(max_examples=40, deadline=None)
@given(
    size=SIZES, seed=SEEDS, reduce=st.booleans(),
    table=st.none() | st.dictionaries(st.integers(0, 9), st.sampled_from([0, 3, 255]), max_size=4),
)  # fmt: skip
def load_mask(path, size, seed, reduce, table):
    mask = np.random.default_rng(seed).integers(0, 12, size).astype(np.uint8)
    cv2.imwrite(str(path / 'mask.png'), mask)
    given = dict(seg_map_path=str(path / 'mask.png'), seg_fields=[], ori_shape=size,
                 reduce_zero_label=reduce, label_map=table)  # fmt: skip
    found = build('LoadMask')(given)['gt_seg_map']
    expected = np.array([
        one_label(int(label), reduce, table or {}) for label in mask.ravel()
    ]).reshape(size)  # fmt: skip
    assert found.dtype == np.uint8 and np.array_equal(found, expected)


def one_label(label: int, reduce: bool, table: dict) -> int:
    """Zero is taken out first, then labels are renamed, each once."""
    if reduce:
        label = 255 if label in (0, 255) else label - 1
    return table.get(label, label)


@settings(max_examples=40, deadline=None)
@given(size=SIZES, seed=SEEDS, scale=st.floats(1e-4, 1), holes=st.booleans())
def load_depth(path, size, seed, scale, holes):
    steps = np.random.default_rng(seed).integers(1, 65536, size).astype(np.uint16)
    if holes and steps.size > 1:
        steps.flat[0] = 0
    cv2.imwrite(str(path / 'depth.png'), steps)
    given = dict(depth_path=str(path / 'depth.png'), ori_shape=size)
    out = build('LoadDepth', scale=scale, hole=0)(given)
    measured = steps > 0
    np.testing.assert_allclose(out['depth'][measured], steps[measured] * scale, rtol=1e-6)
    assert out['depth'].dtype == np.float32 and out['seg_fields'] == ['depth']
    # A hole gets the depth of a measure.
    assert np.isin(out['depth'], out['depth'][measured]).all()
    assert out['depth_far'] == pytest.approx(out['depth'].max())


@settings(max_examples=40, deadline=None)
@given(size=SIZES, unit=st.sampled_from(['metres', 'relative']))
def ramp(path, size, unit):
    out = build('DepthRamp', unit=unit)(results_of(np.zeros((*size, 3), np.uint8)))
    depth, far = out['depth'], dict(metres=300, relative=1)[unit]
    assert depth.shape == size and depth.dtype == np.float32 and 'depth' in out['seg_fields']
    assert (depth == depth[:, :1]).all() and (np.diff(depth[:, 0]) < 0).all()
    assert depth[0, 0] == pytest.approx(far) == out['depth_far']


@settings(max_examples=40, deadline=None)
@given(img=pictures(), seed=SEEDS, clean=st.booleans())
def pack(path, img, seed, clean):
    labels = np.random.default_rng(seed).integers(0, 11, img.shape[:2])
    given = results_of(img, gt_seg_map=labels, seg_fields=['gt_seg_map'], degradations=[1])
    other = np.flip(img, 1)  # not contiguous
    if clean:
        given['clean_img'] = other
    out = build('PackDegradeInputs')(given)
    sample = out['data_samples']
    assert np.array_equal(out['inputs'].numpy(), img.transpose(2, 0, 1))
    assert np.array_equal(sample.gt_sem_seg.data[0].numpy(), labels)
    assert sample.metainfo['degradations'] == [1] and ('clean_img' in sample) == clean
    if clean:
        assert np.array_equal(sample.clean_img.data.numpy(), other.transpose(2, 0, 1))


@settings(max_examples=40, deadline=None)
@given(img=pictures(), clean=st.sampled_from([np.uint8, np.float32]), seed=SEEDS, turn=FLIPS)
def pair(path, img, clean, seed, turn):
    """There and back, with geometry in between: both images and their dtypes."""
    other = np.random.default_rng(seed).integers(0, 256, img.shape, np.uint8).astype(clean)
    stacked = build('StackPair')(results_of(img, clean_img=other.copy()))
    assert stacked['img'].shape == (*img.shape[:2], 6) and 'clean_img' not in stacked
    stacked['img'] = stacked['img'][turn]
    out = build('SplitPair')(copy.copy(stacked))
    assert np.array_equal(out['img'], img[turn]) and out['img'].dtype == img.dtype
    assert np.array_equal(out['clean_img'], other[turn]) and out['clean_img'].dtype == clean


PROPERTIES = {
    'Degrade': degrade,
    'DepthRamp': ramp,
    'LoadCleanImage': load_clean_image,
    'LoadDepth': load_depth,
    'LoadImage': load_image,
    'LoadMask': load_mask,
    'PackDegradeInputs': pack,
    'RandomDegrade': random_degrade,
    'Restore': restore,
    'SplitPair': pair,
    'StackPair': pair,
}


def test_no_transform_is_forgotten():
    ours = {
        name
        for name, cls in TRANSFORMS.module_dict.items()
        if getattr(cls, '__module__', '').startswith('mmdegrade.')
    }
    assert ours == set(PROPERTIES)


@pytest.mark.parametrize('module, names', [(of_kinds, KINDS), (of_methods, METHODS)])
def test_no_kind_and_no_method_is_forgotten(module, names):
    """``test_any_image`` draws from all of them."""
    test = module.test_any_image
    assert test.is_hypothesis_test
    source = inspect.getsource(module)
    drawn = 'st.sampled_from(list(KINDS))' if names is KINDS else 'st.sampled_from(list(METHODS))'
    assert drawn in source and len(names) > 5


@pytest.mark.parametrize('name', PROPERTIES)
def test_property(name, tmp_path):
    PROPERTIES[name](tmp_path)
