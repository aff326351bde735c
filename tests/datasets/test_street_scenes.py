# SPDX-License-Identifier: Apache-2.0
"""StreetScenes: determinism, labels, geometry of the depth, and the cache on disk."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmdegrade.datasets.street_scenes import (
    CLASSES,
    StreetScenesDataset,
    read_depth,
    render_street_scene,
    street_scene_layout,
)
from mmdegrade.datasets.street_scenes.canvas import FAR, Camera, Canvas
from mmdegrade.datasets.street_scenes.classes import CAR, PAVEMENT, ROAD, SKY

ROOT = Path(__file__).resolve().parents[2]
COUNT = 50
CACHED = 6
CACHE_SIZE = (96, 128)

# Reads the same scenes in the order given, prints one line per scene and one per cached item.
_CHILD = f"""
import hashlib, sys
from mmdegrade.datasets.street_scenes import StreetScenesDataset, render_street_scene
root, order = sys.argv[1], [int(v) for v in sys.argv[2].split(',')]
sys.stdin.readline()
dataset = StreetScenesDataset(
    num_images={CACHED}, seed=3, split='val', size={CACHE_SIZE}, data_root=root,
    pipeline=[dict(type='LoadImageFromFile'), dict(type='mmseg.LoadAnnotations')],
)
for i in order:
    item = dataset[i]
    h = hashlib.sha256(item['img'].tobytes() + item['gt_seg_map'].tobytes()).hexdigest()
    print('cached', i, h)
for i in order:
    h = hashlib.sha256(b''.join(a.tobytes() for a in render_street_scene(7, i))).hexdigest()
    print('scene', i, h)
"""


def _digest(*arrays):
    return hashlib.sha256(b''.join(a.tobytes() for a in arrays)).hexdigest()


@pytest.fixture(scope='module')
def scenes():
    return [render_street_scene(0, i) for i in range(COUNT)]


@pytest.fixture(scope='module')
def racers(tmp_path_factory):
    """Two processes that fill one cache at the same moment, in opposite orders."""
    root = tmp_path_factory.mktemp('race')
    order = list(range(CACHED))
    children = []
    for sequence in (order, order[::-1]):
        command = [sys.executable, '-c', _CHILD, str(root), ','.join(map(str, sequence))]
        children.append(
            subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
            )
        )
    for child in children:  # both wait for this line, so that neither starts long before
        child.stdin.write('go\n')
        child.stdin.flush()
    outputs = [child.communicate(timeout=240) for child in children]
    for child, (_, errors) in zip(children, outputs, strict=True):
        assert child.returncode == 0, errors
    lines = [
        sorted(line for line in out.splitlines() if line.split()[0] in ('cached', 'scene'))
        for out, _ in outputs
    ]
    return root, lines


def test_types_and_shapes():
    for size in ((240, 320), (97, 131)):
        image, mask, depth = render_street_scene(2, 5, size)
        assert image.shape == (*size, 3) and image.dtype == np.uint8
        assert mask.shape == size and mask.dtype == np.uint8
        assert depth.shape == size and depth.dtype == np.float32
        assert depth.min() >= 0.5 and depth.max() <= FAR


def test_repeatable_and_ignores_global_state(scenes):
    np.random.seed(1)
    cv2.setRNGSeed(5)
    for i in (7, 3):
        for again, before in zip(render_street_scene(0, i), scenes[i], strict=True):
            np.testing.assert_array_equal(again, before)


def test_same_pixels_in_other_processes_and_orders(racers):
    _, (first, second) = racers
    assert len(first) == 2 * CACHED
    assert first == second
    for i in range(CACHED):
        assert f'scene {i} {_digest(*render_street_scene(7, i))}' in first


def test_labels(scenes):
    counts = np.zeros(256, np.int64)
    for _, mask, _ in scenes:
        counts += np.bincount(mask.ravel(), minlength=256)
    assert set(np.flatnonzero(counts)) == set(range(11))
    share = counts[:11] / counts.sum()
    camvid = [0.16, 0.24, 0.01, 0.29, 0.07, 0.11, 0.011, 0.014, 0.046, 0.006, 0.005]
    for name, ours, theirs in zip(CLASSES, share, camvid, strict=True):
        assert theirs / 2.5 < ours < theirs * 4, (name, ours)


def test_road_depth_is_the_ground_plane(scenes):
    for i in range(10):
        _, mask, depth = scenes[i]
        camera = street_scene_layout(0, i).camera
        rows = np.arange(mask.shape[0])
        # The formula, written out again: a level camera sees the ground at f h / (v - v0).
        below = rows > camera.horizon + 2
        expected = np.full(rows.shape, FAR)
        expected[below] = camera.focal * camera.height / (rows[below] - camera.horizon)
        for label in (ROAD, PAVEMENT):
            v, u = np.nonzero(mask == label)
            np.testing.assert_allclose(depth[v, u], np.minimum(expected[v], FAR), rtol=1e-5)
        column = int(np.argmax((mask == ROAD).sum(0)))
        down = depth[mask[:, column] == ROAD, column]
        assert len(down) > 20 and (np.diff(down) < 0).all()


def test_sky_is_far_and_the_rest_is_not(scenes):
    for _, mask, depth in scenes[:10]:
        assert (depth[mask == SKY] == FAR).all()
        assert (depth[mask != SKY] < FAR).mean() > 0.999


def test_objects_are_nearer_than_the_ground_they_hide(scenes):
    checked = 0
    for i, (_, mask, depth) in enumerate(scenes):
        camera = street_scene_layout(0, i).camera
        ground = camera.ground_depth(np.arange(mask.shape[0]))[:, None]
        objects = ~np.isin(mask, (ROAD, PAVEMENT, SKY))
        # Half a pixel of rounding at an object's lower edge.
        slack = camera.ground_depth(np.arange(mask.shape[0]) - 0.51)[:, None]
        assert (depth[objects] <= np.broadcast_to(slack, depth.shape)[objects] * 1.0001).all()
        cars = (mask == CAR) & (np.arange(mask.shape[0])[:, None] < camera.horizon + 20)
        checked += int((depth[cars] < np.broadcast_to(ground, depth.shape)[cars] - 0.01).sum())
    assert checked > 1000


def test_planes_are_depth_tested_and_exact():
    camera = Camera(focal=100.0, centre=50.0, horizon=40.0, height=1.5, offset=0.0, yaw=0.0)
    canvas = Canvas(camera, (80, 100))
    canvas.billboard((10, 20, 30), 0.0, 10.0, 2.0, 0.0, 2.0, 4)
    canvas.billboard((50, 60, 70), 0.0, 20.0, 40.0, 0.0, 3.0, 5)
    assert canvas.mask[45, 50] == 4 and canvas.depth[45, 50] == 10
    assert canvas.image[45, 50].tolist() == [10, 20, 30]
    assert canvas.mask[45, 20] == 5 and canvas.depth[45, 20] == 20
    # Two metres wide at ten metres and f = 100: twenty columns; two metres tall: twenty rows.
    assert int((canvas.mask == 4).sum()) == 400
    # A wall at x = 3 along the view: z = f x / (u - u0), so 6 m at column 100 and 10 m at 80.
    wall = Canvas(camera, (80, 100))
    texture = [np.full((8, 8, 3), 90, np.uint8)]
    wall.plane(texture, (3.0, 1.0), (3.0, 100.0), 0.0, 3.0, 1, scale=8)
    np.testing.assert_allclose(wall.depth[42, 80], 10.0, rtol=1e-5)
    np.testing.assert_allclose(wall.depth[42, 99], 300 / 49, rtol=1e-5)
    assert wall.image[42, 80].tolist() == [90, 90, 90] and wall.mask[42, 80] == 1


@pytest.mark.parametrize(
    'arguments, error',
    [
        ((-1, 0), ValueError),
        ((0, -2), ValueError),
        ((0.5, 0), TypeError),
        ((0, True), TypeError),
        ((0, 0, (10, 320)), ValueError),
        ((0, 0, (240,)), ValueError),
    ],
)
def test_bad_scene_arguments(arguments, error):
    with pytest.raises(error):
        render_street_scene(*arguments)


@pytest.mark.parametrize(
    'arguments, error',
    [
        (dict(num_images=0), ValueError),
        (dict(num_images=2.0), TypeError),
        (dict(seed=-1), ValueError),
        (dict(split='trainval'), ValueError),
        (dict(size=(8, 8)), ValueError),
        (dict(img_suffix='.jpg'), TypeError),
    ],
)
def test_bad_dataset_arguments(arguments, error, tmp_path):
    with pytest.raises(error):
        StreetScenesDataset(data_root=tmp_path, **arguments)


def _dataset(root, **options):
    options = {'num_images': CACHED, 'seed': 3, 'split': 'val', 'size': CACHE_SIZE, **options}
    return StreetScenesDataset(data_root=str(root), **options)


def test_cache_of_racing_processes_is_whole_and_equals_fresh_renders(racers):
    root, (lines, _) = racers
    assert not list(root.rglob('*.tmp'))
    assert len(list(root.rglob('*.png'))) == 3 * CACHED
    dataset = _dataset(root)
    for i in range(CACHED):
        info = dataset.get_data_info(i)
        image, mask, depth = render_street_scene(dataset.stream, i, CACHE_SIZE)
        np.testing.assert_array_equal(cv2.imread(info['img_path']), image)
        np.testing.assert_array_equal(cv2.imread(info['seg_map_path'], -1), mask)
        np.testing.assert_allclose(read_depth(info['depth_path']), depth, atol=0.00501)
        assert f'cached {i} {_digest(image, mask)}' in lines


def test_renders_only_what_is_asked_for_and_repairs(tmp_path):
    dataset = _dataset(tmp_path)
    assert len(dataset) == CACHED and not list(tmp_path.iterdir())
    info = dataset.get_data_info(-2)
    assert info['scene_index'] == CACHED - 2 and info['sample_idx'] == CACHED - 2
    assert info['label_map'] is None and info['reduce_zero_label'] is False
    assert info['seg_fields'] == []
    assert len(list(tmp_path.rglob('*.png'))) == 3
    kept = Path(info['seg_map_path'])
    stamp = kept.stat().st_mtime_ns
    before = Path(info['img_path']).read_bytes()
    Path(info['img_path']).unlink()
    dataset.get_data_info(-2)
    assert Path(info['img_path']).read_bytes() == before
    assert kept.stat().st_mtime_ns == stamp


def test_indices_and_class_subset(tmp_path):
    dataset = _dataset(
        tmp_path,
        indices=[4, 1],
        metainfo=dict(classes=('Road', 'Sky')),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='mmseg.LoadAnnotations')],
    )
    assert [dataset.get_data_info(i)['scene_index'] for i in range(2)] == [4, 1]
    mask = render_street_scene(dataset.stream, 4, CACHE_SIZE)[1]
    labels = dataset[0]['gt_seg_map']
    np.testing.assert_array_equal(labels == 0, mask == ROAD)
    np.testing.assert_array_equal(labels == 1, mask == SKY)
    assert set(np.unique(labels)) <= {0, 1, 255}


def test_splits_and_seeds_share_no_scene(tmp_path):
    streams, folders = set(), set()
    for seed in range(4):
        for split in ('train', 'val', 'test'):
            dataset = _dataset(tmp_path, seed=seed, split=split, lazy_init=True)
            streams.add(dataset.stream)
            folders.add(dataset.data_prefix['img_path'])
    assert len(streams) == len(folders) == 12
    digests = {_digest(*render_street_scene(s, i, (64, 80))) for s in streams for i in range(4)}
    assert len(digests) == 48


def test_read_depth_rejects_other_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_depth(tmp_path / 'none.png')
    cv2.imwrite(str(tmp_path / 'eight.png'), np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match='16-bit'):
        read_depth(tmp_path / 'eight.png')
