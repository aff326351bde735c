"""The command line of degrade_dataset: exit status and messages."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'degrade_dataset.py'


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('degrade_dataset_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def photos(tmp_path):
    for name in ('a.png', 'b.png'):
        path = tmp_path / 'photos' / name
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8))
    return tmp_path / 'photos'


def test_all_is_well(tool, photos, tmp_path, capsys):
    out = tmp_path / 'out'
    args = [str(photos), str(out), '--kind', 'awgn', '--params', 'sigma=25', '--workers', '0']
    assert tool.main(args) == 0
    assert '2 images degraded, 0 failed' in capsys.readouterr().out
    assert cv2.imread(str(out / 'a.png')).shape == (8, 9, 3)
    assert tool.main(args) == 2 and '--resume' in capsys.readouterr().err
    assert tool.main([*args, '--resume']) == 0


def test_a_failure_is_named_and_ends_with_status_1(tool, photos, tmp_path, capsys):
    (photos / 'b.png').write_bytes(b'')
    args = [
        str(photos),
        str(tmp_path / 'out'),
        '--kind',
        'gblur',
        '--degree',
        '2',
        '--workers',
        '0',
    ]
    assert tool.main([*args, '--workers', '0']) == 1
    output = capsys.readouterr()
    assert 'b.png: CorruptFileError' in output.err and '1 images degraded, 1 failed' in output.out


@pytest.mark.parametrize(
    ('extra', 'words'),
    [
        (['--kind', 'gblurr', '--degree', '1'], "Did you mean 'gblur'"),
        (['--kind', 'gblur', '--degree', '9'], 'degree must be 1-5'),
        (['--kind', 'gblur', '--degree', '1', '--splits', 'val'], '--splits belongs to a config'),
        (['--kind', 'gblur', '--degree', '1', '--images', 'x/*'], "no image that matches 'x/*'"),
    ],
)
def test_errors(tool, photos, tmp_path, capsys, extra, words):
    assert tool.main([str(photos), str(tmp_path / 'out'), *extra]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_depth_of_a_folder(tool, photos, tmp_path, capsys):
    depth = tmp_path / 'depth'
    depth.mkdir()
    for name in ('a', 'b'):
        np.save(depth / f'{name}.npy', np.full((8, 9), 100, np.float32))
    args = [str(photos), str(tmp_path / 'out'), '--kind', 'fog', '--params', 'beta=0.03']
    args += ['airlight=0.5', '--depth', str(depth), '--workers', '0']
    assert tool.main(args) == 0
    t = np.exp(-0.03 * 100)
    clean = cv2.imread(str(photos / 'a.png')).astype(float)
    expected = t * clean + (1 - t) * 127.5
    assert np.abs(cv2.imread(str(tmp_path / 'out' / 'a.png')) - expected).max() <= 1
    (depth / 'b.npy').unlink()
    args[1] = str(tmp_path / 'other')
    assert tool.main(args) == 2
    assert 'no depth map of b.png' in capsys.readouterr().err
    np.save(depth / 'b.npy', np.full((5, 9), 100, np.float32))
    assert tool.main(args) == 1
    assert 'b.png: CorruptFileError' in capsys.readouterr().err
