"""Files that are whole are loaded; files that are not are named."""

import io
import struct

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from PIL import Image

from mmdegrade.datasets.transforms import Degrade, LoadDepth, LoadImage, LoadMask
from mmdegrade.datasets.transforms.loading import missing_end
from mmdegrade.degradations import haze

SIZE = (40, 48)
RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (*SIZE, 3), np.uint8)
MASK = RNG.integers(0, 12, SIZE, np.uint8)


def encoded(extension: str, image=IMAGE) -> bytes:
    return cv2.imencode(extension, image)[1].tobytes()


def jpeg_with_thumbnail() -> bytes:
    """A JPEG whose header holds a whole JPEG, end marker included."""
    data = encoded('.jpg')
    thumbnail = encoded('.jpg', IMAGE[:8, :8])
    segment = b'\xff\xe1' + struct.pack('>H', len(thumbnail) + 2) + thumbnail
    return data[:2] + segment + data[2:]


FILES = {
    'a.png': encoded('.png'),
    'a.jpg': encoded('.jpg'),
    'thumb.jpg': jpeg_with_thumbnail(),
}


def load(path, data: bytes | None = None, **kwargs):
    if data is not None:
        path.write_bytes(data)
    return LoadImage(**kwargs)(dict(img_path=str(path)))


@pytest.mark.parametrize('name', FILES)
def test_whole_images_are_loaded(tmp_path, name):
    out = load(tmp_path / name, FILES[name])
    expected = cv2.imdecode(np.frombuffer(FILES[name], np.uint8), cv2.IMREAD_COLOR)
    assert out['img'].dtype == np.uint8 and np.array_equal(out['img'], expected)
    assert out['img_shape'] == out['ori_shape'] == SIZE
    real = load(tmp_path / name, to_float32=True)['img']
    assert real.dtype == np.float32 and np.array_equal(real, expected)


@pytest.mark.parametrize('name', FILES)
def test_trailing_bytes_are_allowed(tmp_path, name):
    whole = load(tmp_path / name, FILES[name])['img']
    assert np.array_equal(load(tmp_path / name, FILES[name] + b'\0' * 200)['img'], whole)


@pytest.mark.parametrize('name', FILES)
def test_truncated_images_are_refused(tmp_path, name):
    data, path = FILES[name], tmp_path / name
    for count in (9, 100, len(data) // 3, len(data) // 2, len(data) - 200, len(data) - 1):
        lacks = 'PNG' if name.endswith('png') else 'JPEG'
        with pytest.raises(ValueError, match=f'{name} is truncated .*{count} bytes.*{lacks}'):
            load(path, data[:count])


def test_a_png_cut_after_the_word_iend_in_its_pixels():
    data = FILES['a.png']
    assert missing_end(data) is None
    assert missing_end(data[:-12] + b'\0\0\0\x04IDATIEND') is not None


def test_other_bad_files(tmp_path):
    with pytest.raises(ValueError, match=r'e\.png is empty \(0 bytes\)'):
        load(tmp_path / 'e.png', b'')
    with pytest.raises(ValueError, match=r'g\.png cannot be decoded \(12 bytes\)'):
        load(tmp_path / 'g.png', b'not an image')
    with pytest.raises(FileNotFoundError, match='absent.png'):
        load(tmp_path / 'absent.png')


@pytest.fixture
def pair(tmp_path):
    (tmp_path / 'a.png').write_bytes(FILES['a.png'])
    (tmp_path / 'm.png').write_bytes(encoded('.png', MASK))
    return dict(
        img_path=str(tmp_path / 'a.png'),
        seg_map_path=str(tmp_path / 'm.png'),
        seg_fields=[],
        reduce_zero_label=False,
        label_map=None,
    )


def test_mask_and_label_map(pair):
    out = LoadMask()(LoadImage()(dict(pair, seg_fields=[])))
    assert np.array_equal(out['gt_seg_map'], MASK) and out['seg_fields'] == ['gt_seg_map']
    mapped = LoadMask()(LoadImage()(dict(pair, seg_fields=[], label_map={11: 255, 0: 3, 3: 0})))
    expected = MASK.copy()
    for old, new in ((11, 255), (0, 3), (3, 0)):  # all at once, not one after the other
        expected[MASK == old] = new
    assert np.array_equal(mapped['gt_seg_map'], expected)


def test_mask_is_checked_against_the_image_on_disk(pair):
    """Test pipelines load the mask after resizing, at its own size."""
    init_default_scope('mmseg')
    resize = TRANSFORMS.build(dict(type='Resize', scale=(24, 20), keep_ratio=False))
    out = LoadMask()(resize(LoadImage()(pair)))
    assert out['img'].shape == (20, 24, 3) and out['gt_seg_map'].shape == SIZE


@pytest.mark.parametrize(
    'mask, message',
    [
        (encoded('.png', MASK[:, :-1]), r'a\.png is 40x48, .*m\.png is 40x47'),
        (encoded('.png', IMAGE), r'a\.png is 40x48, .*m\.png is 40x48x3.*single channel'),
        (encoded('.png', MASK)[:-60], r'm\.png cannot be decoded'),
        (encoded('.png', MASK)[:70], r'm\.png cannot be decoded'),
        (b'', r'm\.png cannot be decoded'),
        (b'garbage', r'm\.png cannot be decoded'),
    ],
)
def test_bad_masks(pair, tmp_path, mask, message):
    (tmp_path / 'm.png').write_bytes(mask)
    with pytest.raises(ValueError, match=message):
        LoadMask()(LoadImage()(pair))


def test_missing_mask(pair, tmp_path):
    (tmp_path / 'm.png').unlink()
    with pytest.raises(FileNotFoundError, match='m.png'):
        LoadMask()(LoadImage()(pair))


def test_palette_masks_give_indices(pair):
    image = Image.fromarray(MASK, mode='P')
    image.putpalette([(i * 37) % 256 for i in range(768)])
    image.save(pair['seg_map_path'])
    assert np.array_equal(LoadMask()(LoadImage()(pair))['gt_seg_map'], MASK)


DEPTH = RNG.integers(50, 60000, SIZE, np.uint16)


def depth_file(tmp_path, name: str, data=DEPTH) -> str:
    path = str(tmp_path / name)
    np.save(path, data) if name.endswith('.npy') else cv2.imwrite(path, data)
    return path


def test_depth_in_centimetres_and_in_metres(tmp_path):
    out = LoadDepth()(dict(depth_path=depth_file(tmp_path, 'd.png')))
    assert out['depth'].dtype == np.float32 and out['seg_fields'] == ['depth']
    np.testing.assert_allclose(out['depth'], DEPTH / 100, rtol=1e-6)
    assert out['depth_far'] == pytest.approx(DEPTH.max() / 100)
    out = LoadDepth(scale=0.001)(dict(depth_path=depth_file(tmp_path, 'd.png')))
    np.testing.assert_allclose(out['depth'], DEPTH / 1000, rtol=1e-6)
    metres = RNG.uniform(0, 90, SIZE)
    metres[0, 0] = np.inf
    out = LoadDepth(scale=7)(dict(depth_path=depth_file(tmp_path, 'd.npy', metres), depth_far=50.0))
    np.testing.assert_array_equal(out['depth'], metres.astype(np.float32))
    assert out['depth'].dtype == np.float32 and out['depth_far'] == 50
    out = LoadDepth()(dict(depth_path=depth_file(tmp_path, 'd.npy', metres)))
    assert out['depth_far'] == np.sort(metres.astype(np.float32).ravel())[-2]  # infinity is sky


def test_depth_moves_with_the_mask(pair, tmp_path):
    init_default_scope('mmseg')
    pair['depth_path'] = depth_file(tmp_path, 'd.npy', MASK.astype(np.float32) * 2)
    out = LoadDepth()(LoadMask()(LoadImage()(pair)))
    for cfg in (
        dict(type='RandomResize', scale=(64, 56), ratio_range=(0.9, 1.4), keep_ratio=True),
        dict(type='RandomCrop', crop_size=(24, 30)),
        dict(type='RandomFlip', prob=1.0),
    ):
        out = TRANSFORMS.build(cfg)(out)
    assert out['depth'].shape == (24, 30)
    np.testing.assert_array_equal(out['depth'], out['gt_seg_map'].astype(np.float32) * 2)


def test_haze_in_a_crop_is_that_of_the_whole_image(tmp_path):
    init_default_scope('mmseg')
    (tmp_path / 'a.png').write_bytes(FILES['a.png'])
    info = dict(img_path=str(tmp_path / 'a.png'), depth_path=depth_file(tmp_path, 'd.png'))
    out = LoadDepth()(LoadImage()(info))
    crop = TRANSFORMS.build(dict(type='RandomCrop', crop_size=(8, 8)))
    box = crop.crop_bbox(out)
    whole = haze(out['img'], 2, depth=out['depth'] / np.float32(out['depth_far']))
    expected = crop.crop(whole, box)
    out['img'], out['depth'] = crop.crop(out['img'], box), crop.crop(out['depth'], box)
    assert out['depth'].max() < out['depth_far']
    np.testing.assert_array_equal(Degrade('haze', beta=2)(out)['img'], expected)


def test_bad_depth(tmp_path):
    with pytest.raises(KeyError, match='gives no depth_path'):
        LoadDepth()(dict(img_path='a.png'))
    with pytest.raises(ValueError, match=r'd\.png is of shape \(40, 48, 3\).*single-channel'):
        LoadDepth()(dict(depth_path=depth_file(tmp_path, 'd.png', IMAGE)))
    with pytest.raises(ValueError, match=r'd\.npy is of shape \(1, 40, 48\)'):
        LoadDepth()(dict(depth_path=depth_file(tmp_path, 'd.npy', DEPTH[None])))
    with pytest.raises(FileNotFoundError, match='absent.npy'):
        LoadDepth()(dict(depth_path=str(tmp_path / 'absent.npy')))
    buffer = io.BytesIO()
    np.save(buffer, DEPTH)
    for name, data, message in [
        ('t.png', encoded('.png', DEPTH)[:-50], 'truncated'),
        ('g.png', b'garbage', 'undecodable'),
        ('e.npy', b'', 'empty'),
        ('t.npy', buffer.getvalue()[:-9], 'cannot be decoded'),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=f'{name} .*{message}'):
            LoadDepth()(dict(depth_path=str(tmp_path / name)))
