"""Depth maps in all encodings become metres; bad ones are named."""

import io
import json
import warnings

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS

from mmdegrade.datasets.street_scenes import StreetScenesDataset, read_depth
from mmdegrade.datasets.transforms import Degrade, LoadDepth, LoadImage, LoadMask
from mmdegrade.datasets.transforms.depth_formats import camera_path
from mmdegrade.degradations import haze
from mmdegrade.degradations.weather.depth import fill_depth_holes, ray_distance

SIZE = (40, 48)
RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (*SIZE, 3), np.uint8)
MASK = RNG.integers(0, 12, SIZE, np.uint8)
DEPTH = RNG.integers(50, 60000, SIZE, np.uint16)
CAMERA = dict(
    extrinsic=dict(baseline=0.21, pitch=0.04, roll=0.0, x=1.7, y=0.1, yaw=0.0, z=1.2),
    intrinsic=dict(fx=50.0, fy=60.0, u0=20.0, v0=18.0),
)


def write(path, data=DEPTH) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, data) if path.suffix == '.npy' else cv2.imwrite(str(path), data)
    return str(path)


def load(path, **options):
    return LoadDepth(**options)(dict(depth_path=str(path)))


def test_depth_in_centimetres_and_in_metres(tmp_path):
    out = load(write(tmp_path / 'd.png'))
    assert out['depth'].dtype == np.float32 and out['seg_fields'] == ['depth']
    np.testing.assert_allclose(out['depth'], DEPTH / 100, rtol=1e-6)
    assert out['depth_far'] == pytest.approx(DEPTH.max() / 100)
    out = load(tmp_path / 'd.png', scale=0.001)
    np.testing.assert_allclose(out['depth'], DEPTH / 1000, rtol=1e-6)
    metres = RNG.uniform(0, 90, SIZE)
    metres[0, 0] = np.inf
    path = write(tmp_path / 'd.npy', metres)
    out = LoadDepth(scale=7)(dict(depth_path=path, depth_far=50.0))
    np.testing.assert_array_equal(out['depth'], metres.astype(np.float32))
    assert out['depth'].dtype == np.float32 and out['depth_far'] == 50
    out = load(path, format='npy')
    assert out['depth_far'] == np.sort(metres.astype(np.float32).ravel())[-2]  # infinity is sky


def test_street_scenes_are_read_as_before(tmp_path):
    dataset = StreetScenesDataset(
        data_root=str(tmp_path), split='val', num_images=1, size=(64, 80), pipeline=[]
    )
    info = dataset[0]
    out = LoadDepth()(dict(info))
    np.testing.assert_allclose(out['depth'], read_depth(info['depth_path']), rtol=1e-6)


@pytest.fixture
def pair(tmp_path):
    return dict(
        img_path=write(tmp_path / 'a.png', IMAGE),
        seg_map_path=write(tmp_path / 'm.png', MASK),
        seg_fields=[],
        reduce_zero_label=False,
        label_map=None,
    )


def test_depth_moves_with_the_mask(pair, tmp_path):
    init_default_scope('mmseg')
    pair['depth_path'] = write(tmp_path / 'd.npy', MASK.astype(np.float32) * 2)
    out = LoadDepth()(LoadMask()(LoadImage()(pair)))
    for cfg in (
        dict(type='RandomResize', scale=(64, 56), ratio_range=(0.9, 1.4), keep_ratio=True),
        dict(type='RandomCrop', crop_size=(24, 30)),
        dict(type='RandomFlip', prob=1.0),
    ):
        out = TRANSFORMS.build(cfg)(out)
    assert out['depth'].shape == (24, 30)
    np.testing.assert_array_equal(out['depth'], out['gt_seg_map'].astype(np.float32) * 2)


def test_haze_in_a_crop_is_that_of_the_whole_image(pair, tmp_path):
    init_default_scope('mmseg')
    info = dict(img_path=pair['img_path'], depth_path=write(tmp_path / 'd.png'))
    out = LoadDepth()(LoadImage()(info))
    crop = TRANSFORMS.build(dict(type='RandomCrop', crop_size=(8, 8)))
    box = crop.crop_bbox(out)
    whole = haze(out['img'], 2, depth=out['depth'] / np.float32(out['depth_far']))
    expected = crop.crop(whole, box)
    out['img'], out['depth'] = crop.crop(out['img'], box), crop.crop(out['depth'], box)
    assert out['depth'].max() < out['depth_far']
    np.testing.assert_array_equal(Degrade('haze', beta=2)(out)['img'], expected)


@pytest.fixture
def holes():
    holes = np.zeros(SIZE, bool)
    holes[5:9, 10:20] = holes[0, 0] = True
    return holes


def encoded(kind: str, metres: np.ndarray, holes: np.ndarray) -> np.ndarray:
    """Write metres as each data set does; the decoder is not consulted."""
    if kind == 'sunrgbd':
        steps = [int(f'{round(m * 1000):016b}'[3:] + f'{round(m * 1000):016b}'[:3], 2)
                 for m in metres.ravel()]  # fmt: skip
    elif kind == 'kitti':
        steps = np.rint(metres * 256)
    else:
        steps = np.rint(0.21 * 50 / metres * 256 + 1)
    steps = np.array(steps).reshape(SIZE).astype(np.uint16)
    steps[holes] = 0
    return steps


def path_of(kind: str, root):
    if kind != 'cityscapes':
        return root / 'd.png'
    camera = root / 'camera/val/ulm/ulm_000001_000019_camera.json'
    camera.parent.mkdir(parents=True)
    camera.write_text(json.dumps(CAMERA))
    return root / 'disparity/val/ulm/ulm_000001_000019_disparity.png'


@pytest.mark.parametrize('kind', ['sunrgbd', 'kitti', 'cityscapes'])
def test_formats(tmp_path, holes, kind):
    metres = RNG.uniform(0.7, 65, SIZE) if kind != 'cityscapes' else RNG.uniform(0.1, 8, SIZE)
    path = write(path_of(kind, tmp_path), encoded(kind, metres, holes))
    # Half a step of each encoding; a step of disparity is worth depth^2.
    step = {'sunrgbd': 1e-3, 'kitti': 1 / 256, 'cityscapes': metres**2 / (0.21 * 50 * 256)}[kind]
    bound = (0.51 * step + 1e-5) * (1 + 0.01 * (kind == 'cityscapes'))
    out = load(path, format=kind, fill_holes=False)
    assert np.all((np.abs(out['depth'] - metres) <= bound)[~holes])
    assert np.all(np.isinf(out['depth'][holes])) and out['depth'].dtype == np.float32
    assert np.isfinite(out['depth_far'])
    filled = load(path, format=kind)['depth']
    np.testing.assert_array_equal(filled, fill_depth_holes(out['depth'], holes))
    assert np.isfinite(filled).all()


def test_disparity_zero_is_infinitely_far(tmp_path):
    steps = np.full(SIZE, 257, np.uint16)
    steps[0] = 1
    depth = load(write(path_of('cityscapes', tmp_path), steps), format='cityscapes')['depth']
    assert np.all(np.isinf(depth[0])) and np.allclose(depth[1:], 0.21 * 50)


def test_distance_along_the_ray(tmp_path):
    path = write(tmp_path / 'd.png')
    flat = load(path)['depth']
    out = load(path, ray=True, focal=35.0)
    np.testing.assert_allclose(out['depth'], ray_distance(flat, 35.0), rtol=1e-6)
    assert out['depth_far'] == out['depth'].max()
    path = write(path_of('cityscapes', tmp_path), DEPTH)
    expected = ray_distance(load(path, format='cityscapes')['depth'], (50, 60), (20, 18))
    out = load(path, format='cityscapes', ray=True)
    np.testing.assert_allclose(out['depth'], expected, rtol=1e-6)


@pytest.mark.parametrize('hole', [0, 65535])
def test_holes_of_plain_images_and_arrays(tmp_path, holes, hole):
    steps = DEPTH.copy()
    steps[holes] = hole
    path = write(tmp_path / 'd.png', steps)
    np.testing.assert_allclose(load(path)['depth'][holes], hole / 100)  # a measure, unless told
    out = load(path, hole=hole)['depth']
    np.testing.assert_array_equal(out, fill_depth_holes(load(path)['depth'], holes))
    metres = steps.astype(np.float64) / 1000
    metres[holes] = np.nan
    out = load(write(tmp_path / 'd.npy', metres), hole=np.nan)['depth']
    np.testing.assert_array_equal(out, fill_depth_holes(metres.astype(np.float32), holes))


def test_depth_of_another_size_than_the_image(pair, tmp_path):
    pair['depth_path'] = write(tmp_path / 'd.png', DEPTH[:-1])
    with pytest.raises(ValueError, match=r'differ in size: .*a\.png is 40x48, .*d\.png is 39x48'):
        LoadDepth()(LoadImage()(pair))


@pytest.mark.parametrize(
    ('value', 'words'), [(-0.5, 'values down to -0.5'), (np.nan, 'holds NaN.*hole=')]
)
def test_what_is_no_depth(tmp_path, value, words):
    metres = np.full(SIZE, 3.0)
    metres[7, 7] = value
    with pytest.raises(ValueError, match=rf'd\.npy .*{words}'):
        load(write(tmp_path / 'd.npy', metres))


def test_millimetres_taken_for_metres_are_warned_of_once(tmp_path):
    path = write(tmp_path / 'd.npy', np.full(SIZE, 2500.0))
    transform = LoadDepth()
    with pytest.warns(UserWarning, match=r'd\.npy has a median of 2500 m: is it in millimetres'):
        transform(dict(depth_path=path))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        transform(dict(depth_path=path))
        load(write(tmp_path / 's.npy', np.full(SIZE, np.inf)))


def test_bad_depth(tmp_path):
    with pytest.raises(KeyError, match='gives no depth_path'):
        LoadDepth()(dict(img_path='a.png'))
    with pytest.raises(ValueError, match=r'd\.png is of shape \(40, 48, 3\).*single-channel'):
        load(write(tmp_path / 'd.png', IMAGE))
    with pytest.raises(ValueError, match=r'd\.npy is of shape \(1, 40, 48\)'):
        load(write(tmp_path / 'd.npy', DEPTH[None]))
    with pytest.raises(FileNotFoundError, match='absent.npy'):
        load(tmp_path / 'absent.npy')
    path = write(tmp_path / '8.png', MASK)
    for kind in ('sunrgbd', 'kitti'):
        with pytest.raises(ValueError, match=rf"8\.png holds uint8; format='{kind}' means a 16-"):
            load(path, format=kind)
    with pytest.raises(ValueError, match=r'z\.png holds no measure'):
        load(write(tmp_path / 'z.png', np.zeros(SIZE, np.uint16)), format='kitti')
    buffer = io.BytesIO()
    np.save(buffer, DEPTH)
    for name, data, message in [
        ('t.png', cv2.imencode('.png', DEPTH)[1].tobytes()[:-50], 'truncated'),
        ('g.png', b'garbage', 'cannot be decoded'),
        ('e.npy', b'', 'empty'),
        ('t.npy', buffer.getvalue()[:-9], 'cannot be decoded'),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f'{name} .*{message}'):
            load(tmp_path / name)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (dict(format='nyu'), "format='nyu'; allowed: auto, png, npy, sunrgbd, cityscapes, kitti"),
        (dict(scale=0), 'scale=0 must be above 0'),
        (dict(ray=True), "ray=True with format='auto' needs focal"),
        (dict(ray=True, focal=-5), 'focal=-5 must be above 0'),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=words):
        LoadDepth(**options)


def test_where_the_camera_file_is():
    name = 'ulm_000001_000019'
    for root in ('', '/data/disparity/cityscapes/', 'c:\\city\\'):
        path = f'{root}disparity/train/ulm/{name}_disparity.png'
        expected = f'{root}camera/train/ulm/{name}_camera.json'.replace('\\', '/')
        assert camera_path(path) == expected
    for bad in ('depth/a_disparity.png', 'disparity/a.png', 'my_disparity/a_disparity.png'):
        with pytest.raises(ValueError, match='let the dataset give camera_path'):
            camera_path(bad)


def test_camera_files(tmp_path):
    path = path_of('cityscapes', tmp_path)
    camera = next(tmp_path.glob('camera/val/ulm/*.json'))
    write(path)
    expected = load(path, format='cityscapes')['depth']
    other = camera.rename(tmp_path / 'other.json')
    with pytest.raises(FileNotFoundError, match=r'ulm_000001_000019_camera\.json.*camera_trainv'):
        load(path, format='cityscapes')
    out = LoadDepth(format='cityscapes')(dict(depth_path=str(path), camera_path=str(other)))
    np.testing.assert_array_equal(out['depth'], expected)
    for text in ('{', '[]', '{"intrinsic": {}, "extrinsic": {}}', json.dumps(
        dict(CAMERA, extrinsic=dict(baseline=0)))):  # fmt: skip
        camera.write_text(text)
        with pytest.raises(ValueError, match=r'camera\.json (is not one|has a baseline)'):
            load(path, format='cityscapes')


@pytest.mark.parametrize('name', ['office_kv2_0000144', 'office_xtion_img_0063'])
def test_real_sun_rgbd(require_data, name):
    """Raw sensor depth with holes, against the completed map that comes with the data set."""
    folder = require_data(f'depth_sample/sunrgbd/{name}')
    info = dict(img_path=str(folder / 'image.jpg'), depth_path=str(folder / 'depth.png'))
    raw = LoadDepth(format='sunrgbd', fill_holes=False)(LoadImage()(dict(info)))['depth']
    filled = LoadDepth(format='sunrgbd')(LoadImage()(dict(info)))['depth']
    assert 0.01 < np.isinf(raw).mean() < 0.5 and np.isfinite(filled).all()
    assert 0.3 < filled.min() and filled.max() < 12  # a room
    known = np.isfinite(raw)
    np.testing.assert_array_equal(filled[known], raw[known])
    best = load(folder / 'depth_bfx.png', format='sunrgbd')['depth']
    assert np.median(np.abs(filled - best)[~known] / best[~known]) < 0.1


def test_real_disparity_holes(require_data):
    """Middlebury stores disparity in 1/256 pixels, 0 for none: what 'kitti' reads, in pixels."""
    path = require_data('depth_sample/middlebury_motorcycle/motorcycle_disp_x256.png')
    raw = load(path, format='kitti', fill_holes=False)['depth']
    filled = load(path, format='kitti')['depth']
    assert np.isinf(raw).any() and np.isfinite(filled).all()
    assert filled.max() == raw[np.isfinite(raw)].max()
