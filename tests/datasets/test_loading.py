"""Files that are whole are loaded; files that are not are named."""

import struct

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import TRANSFORMS
from PIL import Image

from mmdegrade.datasets.transforms import LoadImage, LoadMask
from mmdegrade.datasets.transforms.image_files import missing_end

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
        (encoded('.png', MASK)[:-60], r'm\.png is truncated'),
        (encoded('.png', MASK)[:70], r'm\.png is truncated'),
        (b'', r'm\.png is empty'),
        (b'garbage', r'm\.png cannot be decoded'),
    ],
)
def test_bad_masks(pair, tmp_path, mask, message):
    (tmp_path / 'm.png').write_bytes(mask)
    with pytest.raises(ValueError, match=message):
        LoadMask()(LoadImage()(pair))


def test_labels_end_with_the_last_class(pair, tmp_path):
    """Also the first label beyond: K for K classes."""
    load = LoadMask(num_classes=11, ignore_index=77)
    mask = np.zeros(SIZE, np.uint8)
    for label, allowed in ((10, 1), (11, 0), (12, 0), (77, 1), (254, 0), (255, 1)):
        mask[3, 5] = label
        (tmp_path / 'm.png').write_bytes(encoded('.png', mask))
        info = LoadImage()(dict(pair, seg_fields=[]))
        if allowed:
            assert load(info)['gt_seg_map'][3, 5] == label
        else:
            with pytest.raises(ValueError, match=rf'm\.png has the label {label} in 1 pixels'):
                load(info)


def test_missing_mask(pair, tmp_path):
    (tmp_path / 'm.png').unlink()
    with pytest.raises(FileNotFoundError, match='m.png'):
        LoadMask()(LoadImage()(pair))


def test_palette_masks_give_indices(pair):
    image = Image.fromarray(MASK, mode='P')
    image.putpalette([(i * 37) % 256 for i in range(768)])
    image.save(pair['seg_map_path'])
    assert np.array_equal(LoadMask()(LoadImage()(pair))['gt_seg_map'], MASK)
