"""Depth files made of anything: read right, or refused by name; no other error, no huge memory."""

import io
import json
import struct
import tracemalloc
import warnings
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmdegrade.datasets.transforms import CorruptFileError, LoadDepth, LoadImage
from mmdegrade.datasets.transforms.depth_formats import read_camera
from mmdegrade.datasets.transforms.npy_files import decode_npy

CHECKED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
STEPS = np.arange(1, 31, dtype=np.uint16).reshape(5, 6) * 700
#: More than any of these tiny files may take, in bytes.
MOST = 5_000_000


def npy(array, version=None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), version, allow_pickle=True)
    return buffer.getvalue()


def png(array=STEPS) -> bytes:
    return cv2.imencode('.png', array)[1].tobytes()


def chunk(kind: bytes, payload: bytes) -> bytes:
    return (
        struct.pack('>I', len(payload))
        + kind
        + payload
        + struct.pack('>I', zlib.crc32(kind + payload))
    )


def large_png(width: int, height: int) -> bytes:
    """A sound header that promises pixels, and two bytes of them."""
    header = struct.pack('>IIBBBBB', width, height, 16, 0, 0, 0, 0)
    parts = [chunk(b'IHDR', header), chunk(b'IDAT', zlib.compress(b'\0\0')), chunk(b'IEND', b'')]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def header(text: str, payload: bytes = b'') -> bytes:
    """A .npy file with this text for a header."""
    raw = text.encode('latin1')
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(raw)) + raw + payload


@st.composite
def spoilt(draw, whole: bytes) -> bytes:
    """A sound file that was cut, changed in places, repeated, or something else altogether."""
    how = draw(st.sampled_from(['cut', 'change', 'insert', 'random', 'whole']))
    if how == 'random':
        return draw(st.binary(max_size=200))
    if how == 'cut':
        return whole[: draw(st.integers(0, len(whole)))]
    data = bytearray(whole)
    if how == 'change':
        for _ in range(draw(st.integers(1, 6))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    if how == 'insert':
        at = draw(st.integers(0, len(data)))
        data[at:at] = draw(st.binary(max_size=20))
    return bytes(data)


def outcome(path, **options):
    """The depth, or None if the file was refused by its name; memory stays small."""
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('error', RuntimeWarning)
            warnings.simplefilter('ignore', UserWarning)  # "is it in millimetres?"
            depth = LoadDepth(**options)(dict(depth_path=str(path)))['depth']
    except CorruptFileError as error:
        assert path.name in str(error) or error.path != str(path)
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MOST
    assert depth.dtype == np.float32 and depth.ndim == 2 and depth.size
    assert (depth >= 0).all()
    return depth


@CHECKED
@given(spoilt(npy(STEPS.astype(np.float64))))
@example(npy(STEPS.astype(object)))
@example(npy(np.array([['a']])))
@example(npy(np.zeros((2, 2), [('x', 'f4')])))
@example(npy(np.zeros((2, 2), complex)))
@example(npy(np.zeros((2, 2), 'M8[s]')))
@example(npy(np.zeros((2, 2), bool)))
@example(npy(np.zeros((0, 3))))
@example(npy(np.float64(3)))
@example(npy(np.full((2, 2), 1e300)))
@example(npy(np.full((2, 2), np.nan)))
@example(header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"))
@example(header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }\n", b'8' * 8))
@example(header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000000000000), }\n"))
@example(header("{'descr': '|V0', 'fortran_order': False, 'shape': (3, 3), }\n"))
@example(header('(' * 5000))
@example(header("{'descr': " + '[' * 900))
@example(header('{[]: 1}'))
@example(header("'" * 7))
@example(b'PK\x03\x04' + b'\0' * 60)
@example(b'\x80\x04.')
def test_arrays(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / 'fuzzed.npy'
    path.write_bytes(data)
    outcome(path)


def test_pickles_and_archives_in_npy_files_are_refused(tmp_path):
    np.savez(tmp_path / 'a.npz', depth=STEPS)
    np.save(tmp_path / 'o.npy', np.array([[print]], dtype=object), allow_pickle=True)
    for name in ('a.npz', 'o.npy'):
        with pytest.raises(CorruptFileError, match=name):
            LoadDepth(format='npy')(dict(depth_path=str(tmp_path / name)))


@pytest.mark.parametrize('dtype', ['<f2', '>f4', 'f8', 'u1', '>u2', 'i4', '<i8', 'u8', 'g'])
@pytest.mark.parametrize('order', ['C', 'F'])
@pytest.mark.parametrize('version', [(1, 0), (2, 0)])
def test_sound_arrays_are_those_of_numpy(dtype, order, version):
    array = np.asarray(STEPS % 100, dtype, order=order)
    found = decode_npy(npy(array, version), 'a.npy', 'depth')
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


@pytest.mark.parametrize('kind', ['png', 'sunrgbd', 'kitti'])
@CHECKED
@given(data=st.data())
def test_images(tmp_path_factory, kind, data):
    path = tmp_path_factory.getbasetemp() / f'fuzzed_{kind}.png'
    path.write_bytes(data.draw(spoilt(png())))
    outcome(path, format=kind)


@pytest.mark.parametrize('size', [(30000, 30000), (2**31 - 1, 2**31 - 1), (1, 2**30), (0, 5)])
@pytest.mark.parametrize('load', ['depth', 'image'])
def test_headers_that_promise_too_much(tmp_path, size, load):
    path = tmp_path / 'large.png'
    path.write_bytes(large_png(*size))
    with pytest.raises(CorruptFileError, match=r'large\.png'):
        if load == 'depth':
            LoadDepth()(dict(depth_path=str(path)))
        else:
            LoadImage()(dict(img_path=str(path)))


def test_one_colour_is_not_too_much(tmp_path):
    """Deflate at its best is still what a header may promise."""
    for array in (np.zeros((3000, 3000), np.uint16), np.zeros((2000, 2000, 3), np.uint8)):
        path = tmp_path / 'even.png'
        cv2.imwrite(str(path), array, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        if array.ndim == 2:
            assert LoadDepth()(dict(depth_path=str(path)))['depth'].shape == (3000, 3000)
        else:
            assert LoadImage()(dict(img_path=str(path)))['img'].shape == (2000, 2000, 3)


def test_a_png_that_ends_before_its_header(tmp_path):
    path = tmp_path / 'short.png'
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IEND', b''))
    with pytest.raises(CorruptFileError, match=r'short\.png cannot be decoded'):
        LoadImage()(dict(img_path=str(path)))


CAMERA = dict(intrinsic=dict(fx=50.0, fy=60.0, u0=20.0, v0=18.0), extrinsic=dict(baseline=0.21))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.just(10**400), st.just([]), st.just({}), st.floats(0.1, 100),
)  # fmt: skip


@st.composite
def cameras(draw) -> bytes:
    camera = json.loads(json.dumps(CAMERA))
    for _ in range(draw(st.integers(1, 2))):
        part = draw(st.sampled_from(['intrinsic', 'extrinsic']))
        name = draw(st.sampled_from(['fx', 'fy', 'u0', 'v0', 'baseline', None]))
        if name is None or not isinstance(camera[part], dict):
            camera[part] = draw(VALUES)
        else:
            camera[part][name] = draw(VALUES)
    return json.dumps(camera).encode()


@CHECKED
@given(st.one_of(cameras(), spoilt(json.dumps(CAMERA).encode())))
@example(b'[' * 100_000)
@example(b'{"intrinsic":' * 50_000)
@example(b'{"intrinsic": {"fx": ' + b'9' * 10_000 + b'}}')
@example(json.dumps(CAMERA).replace('50.0', 'NaN').encode())
@example(json.dumps(CAMERA).replace('60.0', 'NaN').encode())
@example(json.dumps(CAMERA).replace('0.21', '1e999').encode())
@example(b'\xff\xfe')
def test_camera_files(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / 'fuzzed_camera.json'
    path.write_bytes(data)
    try:
        camera = read_camera(str(path))
    except CorruptFileError as error:
        assert 'fuzzed_camera.json' in str(error)
        return
    assert all(type(value) is float and abs(value) < 1e6 for value in camera.values())
    assert min(camera['fx'], camera['fy'], camera['baseline']) > 0


def test_a_folder_in_the_place_of_a_file(tmp_path):
    with pytest.raises(CorruptFileError, match='cannot be read'):
        read_camera(str(tmp_path))
    (tmp_path / 'd.npy').mkdir()
    with pytest.raises(CorruptFileError, match=r'd\.npy cannot be read'):
        LoadDepth()(dict(depth_path=str(tmp_path / 'd.npy')))
