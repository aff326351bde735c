"""Pictures of a grid: the right image in the right file, kept by the next run."""

import cv2
import numpy as np
import pytest

from mmdegrade.apis import severity_grid
from mmdegrade.apis.severity_grid.strips import chosen_images
from mmdegrade.degradations import degrade
from tests.apis.severity_grid.tiny_grid import read

CHOICE = dict(kinds=['gblur', 'awgn'], degrees=[5], workers=0)


@pytest.mark.parametrize(
    ('number', 'total', 'expected'),
    [(1, 4, [2]), (2, 4, [1, 3]), (3, 10, [1, 5, 8]), (5, 2, [0, 1]), (0, 5, [])],
)
def test_chosen_images(number, total, expected):
    assert chosen_images(number, total) == expected


@pytest.fixture(scope='module')
def drawn(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp('strips')
    models = {'a': (tiny / 'ours.py', tiny / 'a.pth'), 'b/2': (tiny / 'ours.py', tiny / 'b.pth')}
    return models, out, severity_grid(models, out=out, strips=1, **CHOICE)


def picture(path):
    return cv2.imread(str(path))


def test_what_is_shown(drawn, tiny):
    _, out, grid = drawn
    assert read(out / 'results.json')['strips'] == grid.strips
    palette = np.array(grid.dataset['palette'], np.uint8)[:, ::-1]
    table = np.vstack([palette, np.zeros((245, 3), np.uint8)])
    assert {entry['cell'] for entry in grid.strips} == {'clean', 'gblur_5', 'awgn_5'}
    for cell in ('clean', 'gblur_5', 'awgn_5'):
        entries = [entry for entry in grid.strips if entry['cell'] == cell]
        reasons = sorted(reason for entry in entries for reason in entry['why'])
        assert reasons == ['chosen', 'worst of a', 'worst of b/2']
        for entry in entries:
            clean = picture(tiny / 'camvid' / entry['image'])
            mask = cv2.imread(
                str(tiny / 'camvid' / entry['image'].replace('test/', 'testannot/')), -1
            )
            assert np.array_equal(picture(out / entry['truth']), table[mask])
            assert np.abs(picture(out / entry['clean']).astype(int) - clean).mean() < 8  # JPEG
            shown = picture(out / entry['degraded']).astype(int)
            if cell == 'gblur_5':
                assert np.abs(shown - degrade(clean, 'gblur', 5)).mean() < 3
            for model in ('a', 'b/2'):
                colours = picture(out / entry['predictions'][model]).reshape(-1, 3)
                assert {*map(tuple, colours.tolist())} <= {*map(tuple, palette.tolist())}


def test_scores_and_worst(drawn):
    _, _, grid = drawn
    for name in grid.names:
        for cell in grid.of(name):
            (entry,) = (
                e for e in grid.strips if e['cell'] == cell.cell and f'worst of {name}' in e['why']
            )
            assert entry['image'] == cell.worst['image']
            assert entry['mIoU'][name] == pytest.approx(cell.worst['mIoU'])


def test_prediction_is_that_of_the_score(drawn, tiny):
    """mIoU of an image, computed from its pictures of truth and prediction."""
    _, out, grid = drawn
    entry = grid.strips[0]
    truth, found = (picture(out / p) for p in (entry['truth'], entry['predictions']['a']))
    known = truth.any(2)
    codes = [p.astype(int) @ [1, 256, 65536] for p in (truth[known], found[known])]
    shares = [
        (np.logical_and(*(c == value for c in codes))).sum()
        / np.logical_or(*(c == value for c in codes)).sum()
        for value in np.unique(codes)
    ]
    assert entry['mIoU']['a'] == pytest.approx(100 * np.mean(shares))


def test_kept_by_the_next_run(drawn):
    models, out, grid = drawn
    files = sorted((out / 'strips').rglob('*.*'))
    before = [file.stat().st_mtime_ns for file in files]
    again = severity_grid(models, out=out, strips=1, **CHOICE)
    assert again.strips == grid.strips
    assert [file.stat().st_mtime_ns for file in files] == before
    files[0].unlink()
    severity_grid(models, out=out, strips=1, **CHOICE)
    assert files[0].is_file()


def test_names_that_differ_in_signs_only(tiny, tmp_path):
    models = {'a&b': (tiny / 'ours.py', tiny / 'a.pth'), 'a_b': (tiny / 'ours.py', tiny / 'b.pth')}
    grid = severity_grid(models, out=tmp_path, strips=1, images=1, **CHOICE)
    for entry in grid.strips:
        first, second = (picture(tmp_path / entry['predictions'][name]) for name in models)
        assert not np.array_equal(first, second)
