"""tools/check_data.py lists every corrupt file of a config, once."""

import importlib.util
from pathlib import Path

import cv2
import pytest

from tests.tiny import make_camvid

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location('check_data', ROOT / 'tools' / 'check_data.py')
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


@pytest.fixture
def config(tmp_path):
    """A copy of the shipped CamVid config with stock loading for the test split."""
    make_camvid(tmp_path / 'camvid', images=3)
    base = ROOT / 'configs' / '_base_' / 'datasets' / 'camvid.py'
    text = base.read_text().replace('data/camvid', str(tmp_path / 'camvid'))
    before, after = text.split('test_dataloader = ')
    text = before + 'test_dataloader = ' + after.replace('pipeline=test_pipeline', 'pipeline=stock')
    stock = "stock = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]\n"
    (tmp_path / 'config.py').write_text(stock + text)
    return str(tmp_path / 'config.py')


def test_whole_data(config, capsys):
    assert tool.main([config]) == 0
    assert capsys.readouterr().out == 'OK: no corrupt file\n'


def test_every_corrupt_file_is_listed(config, tmp_path, capsys):
    data = tmp_path / 'camvid'
    (data / 'train' / 'train_000.png').write_bytes(b'')
    whole = (data / 'train' / 'train_001.png').read_bytes()
    (data / 'train' / 'train_001.png').write_bytes(whole[:-30])
    mask = cv2.imread(str(data / 'testannot' / 'test_002.png'), cv2.IMREAD_UNCHANGED)
    mask[0, 0] = 77
    cv2.imwrite(str(data / 'testannot' / 'test_002.png'), mask)
    assert tool.main([config]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[3] == '3 corrupt files'
    assert (
        lines[0].startswith('train_dataloader: image file') and 'train_000.png is empty' in lines[0]
    )
    assert 'train_001.png is truncated' in lines[1]
    assert lines[2].startswith('test_dataloader: mask file') and 'label 77 in 1 pixels' in lines[2]
    assert tool.main([config, '--loaders', 'val_dataloader']) == 0


def test_no_config(capsys):
    assert tool.main(['absent.py']) == 2
    assert 'absent.py' in capsys.readouterr().err
