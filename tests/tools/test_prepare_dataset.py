"""The command line of prepare_dataset: exit status and messages."""

import importlib.util
from pathlib import Path

import pytest

from mmdegrade.apis import prepare
from tests.apis.prepare.fakes import camvid_archive, tiny

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'prepare_dataset.py'


@pytest.fixture
def tool(monkeypatch):
    spec = importlib.util.spec_from_file_location('prepare_dataset_tool', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    small = tiny(prepare.RECIPES['camvid'], train=3, val=2, test=2)
    monkeypatch.setitem(prepare.RECIPES, 'camvid', small)
    return module


def test_prepare_then_check(tool, tmp_path, capsys):
    path, out = camvid_archive(tmp_path), str(tmp_path / 'camvid')
    assert tool.main(['camvid', '--archive', path, '--out', out]) == 0
    assert f'camvid in {out}: train 3, val 2, test 2' in capsys.readouterr().out.replace('\n', '')
    assert tool.main(['camvid', '--check', '--out', out]) == 0
    assert tool.main(['camvid', '--out', out]) == 0
    (tmp_path / 'camvid' / 'val.txt').unlink()
    assert tool.main(['camvid', '--check', '--out', out]) == 2
    error = capsys.readouterr().err
    assert 'val.txt is not there' in error and 'git clone https://github.com' in error


@pytest.mark.parametrize(
    'args, message',
    [
        (['voc', '--out', 'absent'], 'VOCtrainval_11-May-2012*.tar: http://host.robots'),
        (['sunrgbd', '--out', 'absent'], 'git clone https://github.com/ankurhanda'),
        (['cityscapes', '--out', 'absent'], 'register at https://www.cityscapes-dataset.com'),
        (['real_haze', '--check', '--out', 'absent'], 'ask the authors'),
        (['camvids'], "did you mean 'camvid'"),
        (['camvid', '--archive', 'absent.zip'], 'absent.zip: no such file'),
    ],
)
def test_messages(tool, tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    assert tool.main(args) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
