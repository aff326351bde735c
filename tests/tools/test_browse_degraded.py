"""The contact sheet: its layout, its repeatability and its errors."""

import importlib.util
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmdegrade.degradations.kinds import _kinds

TOOL = Path(__file__).parents[2] / 'tools' / 'browse_degraded.py'
spec = importlib.util.spec_from_file_location('browse_degraded', TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.fixture
def image(tmp_path):
    path = tmp_path / 'picture.png'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    return path


def test_sheet_has_a_row_per_kind_and_a_column_per_degree(image, tmp_path, capsys):
    out = tmp_path / 'new' / 'sheet.png'
    options = ['--kinds', 'gblur', 'awgn', '--degrees', '1', '5', '--width', '80']
    assert tool.main([str(image), '--out', str(out), *options]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    sheet = cv2.imread(str(out))
    cell = 60 + tool.LABEL_HEIGHT
    assert sheet.shape == (2 * cell, 3 * 80, 3)
    clean = cv2.imread(str(image))
    assert np.array_equal(sheet[tool.LABEL_HEIGHT : cell, :80], clean)
    assert np.array_equal(sheet[-60:, 80:160], tool.degrade(
        clean, 'awgn', 1, tool.keyed_rng(0, image.name, 'awgn', 1)
    ))  # fmt: skip
    assert (sheet[: tool.LABEL_HEIGHT, 80:160] < 128).any()  # a label is written


def test_depth_file_is_used(image, tmp_path):
    depth = tmp_path / 'depth.npy'
    np.save(depth, np.repeat([[0.0] * 40 + [50.0] * 40], 60, axis=0))
    out = tmp_path / 'sheet.png'
    options = ['--kinds', 'haze', '--degrees', '5', '--width', '80', '--depth', str(depth)]
    assert tool.main([str(image), '--out', str(out), *options]) == 0
    hazy = cv2.imread(str(out))[tool.LABEL_HEIGHT :, 80:]
    clean = cv2.imread(str(image))
    assert np.array_equal(hazy[:, :40], clean[:, :40])
    assert hazy[:, 40:].min() >= 255 * (1 - np.exp(-3.5)) - 1


def test_folder_and_street_scene(image, tmp_path):
    out = tmp_path / 'out' / 'sheet.png'
    assert tool.main([str(tmp_path), '--out', str(out), '--kinds', 'haze']) == 0
    pytest.importorskip('mmseg')
    assert tool.main(['--out', str(out), '--degrees', '3', '--width', '64']) == 0
    cells = len(tool.KINDS) * (48 + tool.LABEL_HEIGHT)
    assert cv2.imread(str(out)).shape == (cells, 128, 3)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['nothing.png', '--out', 'x.png'], 'no such file or folder: nothing.png'),
        (['{image}', '--out', 'x.png', '--kinds', 'gblurr'], "Did you mean 'gblur'"),
        (['{image}', '--out', 'x.png', '--degrees', '6'], 'degree must be 1-5'),
        (['{image}', '--out', 'x.nope'], '--out must end like an image'),
        (['{image}', '--out', 'x.png', '--depth', 'no.npy'], 'no such depth file: no.npy'),
        (['{image}', '{image}', '--out', 'x.png', '--depth', 'd.npy'], 'exactly one image, got 2'),
        (['{empty}', '--out', 'x.png'], 'no image .* in folder'),
        (['{text}', '--out', 'x.png'], 'not an image OpenCV can read'),
        (['{image}', '--out', 'x.png', '--width', '3'], '--width must be 32 or more'),
    ],
)
def test_errors(arguments, words, image, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'text.png').write_text('no picture')
    places = {'image': image, 'empty': tmp_path / 'empty', 'text': tmp_path / 'text.png'}
    assert tool.main([a.format(**places) for a in arguments]) == 2
    error = capsys.readouterr().err
    assert re.search(words, error), error
    assert not (tmp_path / 'x.png').exists()


def test_a_preset_shows_its_own_names_and_degrees(tmp_path):
    out = tmp_path / 'sheet.png'
    assert tool.main(['--out', str(out), '--preset', 'ubcn', '--width', '64']) == 0
    rows, columns = 4, 1 + 3  # rain, pepper, fog, awgn; clean and three levels
    height = 22 + 48
    assert cv2.imread(str(out)).shape == (rows * height, columns * 64, 3)


@pytest.fixture
def own_kind(tmp_path, monkeypatch):
    """A module with a kind of a user's own, on the path; forgotten afterwards."""
    (tmp_path / 'negative_kind.py').write_text(
        'from mmdegrade.degradations import register_degradation\n'
        'from mmdegrade.degradations.parameters import Real\n'
        '@register_degradation("negative", parameters=dict(amount=Real(0, 1)),\n'
        '                      degrees=dict(amount=[0.2, 0.4, 0.6, 0.8, 1.0]))\n'
        'def negative(img, amount):\n'
        '    return img + amount * (1 - 2 * img)\n'
    )
    (tmp_path / 'lacking.py').write_text('import no_such_library\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    before = dict(_kinds)
    yield
    sys.modules.pop('negative_kind', None)
    _kinds.clear()
    _kinds.update(before)


def test_a_kind_of_a_users_own(image, tmp_path, own_kind, capsys):
    out = tmp_path / 'sheet.png'
    arguments = [str(image), '--out', str(out), '--kinds', 'negative', '--degrees', '5']
    assert tool.main(arguments) == 2
    assert 'negative' in capsys.readouterr().err
    assert tool.main([*arguments, '--import', 'negative_kind', '--width', '80']) == 0
    shown = cv2.imread(str(out))[tool.LABEL_HEIGHT :, 80:]
    assert np.array_equal(shown, 255 - cv2.imread(str(image)))


@pytest.mark.parametrize(
    'module, words',
    [
        ('absent_kind', '--import absent_kind: there is no such module.*PYTHONPATH'),
        ('absent.kind', '--import absent.kind: there is no such module'),
        ('negative_kind.py', r'--import negative_kind\.py: there is no such module.*no \.py'),
        ('./kinds', '--import ./kinds: there is no such module'),
        ('lacking', "No module named 'no_such_library'"),
    ],
)
def test_modules_that_cannot_be_imported(image, tmp_path, own_kind, capsys, module, words):
    arguments = [str(image), '--out', str(tmp_path / 's.png'), '--import', module]
    assert tool.main(arguments) == 2
    error = capsys.readouterr().err
    assert re.search(words, error), error
    assert not (tmp_path / 's.png').exists()
