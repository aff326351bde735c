"""All problems at once, with files; the error; the automatic check of a runner."""

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS

from mmdegrade.engine.checks import (
    ConfigError,
    MissingFilesError,
    Problem,
    check_config,
    raise_errors,
    require_sound,
)
from tests.engine.checks.sound import dgn, sdabn

LOADERS = ('train_dataloader', 'val_dataloader')


def wrong():
    """A config with a mistake of every sort."""
    cfg = dgn(
        model__tapz=1,
        model__taps=['backbone.layer9'],
        model__loss_gram__loss_weight=0,
        degradation=dict(kind='gblurr', degree=1),
    )
    cfg.train_dataloader.dataset.pipeline.insert(5, dict(type='CLAHE'))
    return cfg


def test_everything_is_listed_at_once():
    with pytest.raises(ConfigError) as caught:
        require_sound(wrong(), *LOADERS)
    keys = [problem.key for problem in caught.value.problems]
    assert keys == [
        'model.tapz',
        'degradation',
        'train_dataloader.dataset.pipeline.5.type',
        'model.loss_gram.loss_weight',
        'model.taps',
        'train_dataloader.dataset.data_root',
        'model.clean_checkpoint',
    ]
    text = str(caught.value)
    assert text.startswith('7 problems in the config:\n  1. model.tapz=1: DenseGramSegmentor')
    assert '\n  7. model.clean_checkpoint=' in text
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, FileNotFoundError)


def test_missing_files_alone_are_a_file_not_found_error():
    with pytest.raises(FileNotFoundError, match='git clone') as caught:
        require_sound(dgn(), *LOADERS)
    assert isinstance(caught.value, MissingFilesError) and isinstance(caught.value, ValueError)
    assert len(caught.value.problems) == 2
    require_sound(dgn())  # without loaders nothing is looked for
    assert check_config(dgn(), *LOADERS, files=False) == []


def test_warnings_are_logged_and_pass(capsys):
    raise_errors([Problem('a', 'odd', severity='warning')])
    cfg = dgn(degredation=dict(kind='haze', degree=1))
    MMLogger.get_instance('checks')
    require_sound(cfg)
    assert "WARNING - config: degredation={'kind': 'haze'" in capsys.readouterr().out


def test_text_of_a_problem():
    assert str(Problem('a.b', 'is wrong')) == 'a.b: is wrong'
    assert str(Problem('a.b', 'is wrong', 'Do this', 3)) == 'a.b=3: is wrong. Do this'
    long = str(Problem('a', 'is long', value='x' * 200))
    assert long == "a='" + 'x' * 79 + '…: is long'
    assert str(ConfigError([Problem('a', 'b')])) == 'a problem in the config:\n  1. a: b'


def test_the_config_stays_as_it_is():
    for cfg in (dgn(), sdabn(), wrong()):
        before = cfg.to_dict()
        check_config(cfg, *LOADERS)
        assert cfg.to_dict() == before


def test_a_runner_stops_before_anything_is_built(monkeypatch):
    """As the stock train.py makes it, which calls no check of ours."""
    cfg = wrong()
    monkeypatch.setattr('mmengine.runner.Runner.build_model', lambda *_: pytest.fail('built'))
    with pytest.raises(ConfigError) as caught:
        RUNNERS.build(cfg)
    keys = [problem.key for problem in caught.value.problems]
    assert keys[:2] == ['model.tapz', 'degradation'] and len(keys) == 4  # the text alone


def test_a_runner_looks_at_its_model_before_data_is_loaded(tmp_path, monkeypatch):
    cfg = sdabn(work_dir=str(tmp_path), experiment_name='checks')
    cfg.train_cfg.stages.pop(1)
    runner = RUNNERS.build(cfg)
    monkeypatch.setattr(runner, 'build_dataloader', lambda *_, **__: pytest.fail('loaded'))
    with pytest.raises(ConfigError, match="no stage trains the part 'D1'(.|\n)*2. .*data_root"):
        runner.train()
