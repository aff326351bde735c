"""tools/check_config.py: what it prints, its exit status, and that every shipped config passes."""

import runpy
import sys
from pathlib import Path

import pytest

from mmdegrade.engine.checks import check_config
from mmdegrade.engine.degradation import LOADERS
from mmdegrade.engine.launch import load_config
from tests.configs.names import load
from tests.engine.checks.sound import dgn

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*args, tool='check_config.py') -> tuple[int, str]:
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / 'tools' / tool), run_name='__main__')
        said = capsys.readouterr()
        return ended.value.code, said.out + said.err

    return call


@pytest.fixture
def write(tmp_path):
    def to(name: str, cfg) -> Path:
        path = tmp_path / name
        cfg.dump(path)
        return path

    return to


def test_ok_numbers_and_exit_status(run, write):
    sound = write('sound.py', dgn())
    wrong = write('wrong.py', dgn(model__tapz=1, degradation__kind='gblurr'))
    assert run(sound, '--no-data') == (0, f'{sound}: OK\n')
    status, text = run(sound, wrong, '--no-data')
    assert status == 1 and f'{sound}: OK\n{wrong}: 2 problems\n  1. model.tapz=1: ' in text
    status, text = run(sound)  # with data
    assert status == 1 and f'{sound}: 2 problems' in text and 'git clone' in text
    assert run(wrong, '--no-data', '--cfg-options', 'degradation.kind=haze')[1].startswith(
        f'{wrong}: 1 problem\n'
    )


def test_warnings_do_not_count(run, write):
    odd = write('odd.py', dgn(degredation=dict(kind='haze', degree=1)))
    status, text = run(odd, '--no-data')
    assert status == 0 and text.startswith(f'{odd}: OK\n  warning: degredation=')


def test_no_such_config(run):
    status, text = run('absent.py')
    assert status == 2 and "config 'absent.py' does not exist" in text


@pytest.mark.parametrize('tool, more', [('train.py', []), ('test.py', ['none'])])
def test_training_and_testing_check_at_their_start(run, write, tool, more):
    """As a sentence, without a traceback."""
    cfg = dgn(model__tapz=1, train_dataloader__sampler__shufle=True)
    cfg.test_dataloader, cfg.test_cfg, cfg.test_evaluator = cfg.train_dataloader, dict(), []
    status, text = run(write('wrong.py', cfg), *more, tool=tool)
    assert status == 2 and 'Traceback' not in text
    assert 'problems in the config:\n  1. model.tapz=1' in text
    assert 'train_dataloader.sampler.shufle' in text and 'git clone' in text
    assert ('model.clean_checkpoint' in text) == (tool == 'train.py')


def test_shipped_configs_read_right():
    """The text of some of every folder; reading all takes a minute."""
    assert len(SHIPPED) > 300
    found = {path.name: check_config(load(path)) for path in SHIPPED[::15]}
    assert {name: list(map(str, problems)) for name, problems in found.items() if problems} == {}


#: One of every kind of model; the slow test takes all.
BUILT = (
    'demo/street_scenes_gblur_d5', 'dgn/cgnet_camvid_gblur_d5', 'sdabn/cgnet_camvid_awgn50_sdb2',
    'd2sm/ffdnet_camvid_d2sm', 'd2sm/ffdnet_camvid_gan', 'fidelity/cgnet_camvid_awgn_end_to_end',
    'ubcn/street_scenes_rain150_ubcn',
)  # fmt: skip


@pytest.mark.parametrize('name', BUILT)
def test_shipped_models_pass(name):
    cfg = load_config(str(ROOT / 'configs' / f'{name}.py'))
    assert check_config(cfg, *LOADERS, files=False) == []


def test_a_config_that_leaves_the_rest_to_others_is_warned_of():
    """Restorer and estimator alone, of a model that other configs calibrate."""
    pytest.importorskip('mmpretrain')
    cfg = load(ROOT / 'configs' / 'fidelity' / 'dncnn_caltech256_awgn.py')
    found = check_config(cfg, *LOADERS, files=False)
    assert [problem.severity for problem in found] == ['warning', 'warning']
    assert "'spatial'" in str(found[0]) and "'channel'" in str(found[1])


@pytest.mark.slow
def test_every_shipped_config_passes():
    found = {p.name: check_config(load(p), *LOADERS, files=False) for p in SHIPPED}
    errors = {
        name: [str(problem) for problem in problems if problem.severity == 'error']
        for name, problems in found.items()
    }
    assert {name: texts for name, texts in errors.items() if texts} == {}
