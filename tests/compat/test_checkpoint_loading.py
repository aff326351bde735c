"""Full MMEngine checkpoints load with weights_only=True; files that could run code do not."""

import json
import os
import pickle
import random
import re
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, Runner
from mmengine.runner.checkpoint import load_from_http

from mmdegrade.compat.checkpoint_loading import (
    _history_buffer_method,
    allow_mmengine_checkpoints,
    load_checkpoint_safely,
)
from mmdegrade.engine.hooks.ewc import load_fisher
from mmdegrade.models.clean_checkpoint import load_clean_checkpoint
from mmdegrade.models.lpips import build_lpips, fill_lpips


class Dangerous:
    def __reduce__(self):
        return os.getcwd, ()


class Harmless:
    """Not dangerous, but not known either: the usual case."""


class OtherAttribute:
    """Asks the stand-in for getattr for something other than a HistoryBuffer method."""

    def __reduce__(self):
        return getattr, (np.ndarray, 'tofile')


@pytest.fixture
def checkpoint(tmp_path):
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    content = dict(
        state_dict=dict(weight=torch.arange(3.0)),
        message_hub=dict(log_scalars={'train/loss': history}, runtime_info=dict(iter=np.int64(7))),
        values=[np.float32(0.5), np.float16(2), np.bool_(True), np.arange(4, dtype=np.uint8)],
    )
    path = tmp_path / 'full.pth'
    torch.save(content, path)
    return path


def test_full_checkpoint_loads_weights_only(checkpoint):
    allow_mmengine_checkpoints()
    loaded = torch.load(checkpoint, weights_only=True)
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert history.mean() == 2.0 and history.statistics('max') == 3.0
    assert loaded['message_hub']['runtime_info']['iter'] == 7
    assert loaded['values'][0] == np.float32(0.5) and loaded['values'][2]
    np.testing.assert_array_equal(loaded['values'][3], [0, 1, 2, 3])
    assert torch.equal(loaded['state_dict']['weight'], torch.arange(3.0))


def test_mmengine_does_not_fall_back(checkpoint, monkeypatch):
    """MMEngine's own loader succeeds at once, so its unsafe second try never happens."""
    from mmengine.runner import CheckpointLoader

    original, asked = torch.load, []

    def load(*args, **kwargs):
        asked.append(kwargs.get('weights_only'))
        return original(*args, **kwargs)

    monkeypatch.setattr(torch, 'load', load)
    CheckpointLoader.load_checkpoint(str(checkpoint), map_location='cpu')
    assert len(asked) == 1 and asked[0] is not False


def test_own_loader(checkpoint):
    assert torch.equal(
        load_checkpoint_safely(checkpoint)['state_dict']['weight'], torch.arange(3.0)
    )


@pytest.mark.parametrize(
    ('thing', 'culprit'),
    [
        (Dangerous(), r'GLOBAL \w+\.getcwd'),
        (Harmless(), r'Harmless'),
        (OtherAttribute(), "'tofile' of .*ndarray"),
    ],
)
def test_unknown_content_is_refused(tmp_path, thing, culprit):
    path = tmp_path / 'bad.pth'
    torch.save(dict(thing=thing), path)
    with pytest.raises(ValueError, match=r"bad\.pth' holds something .*add_safe_globals") as caught:
        load_checkpoint_safely(path)
    assert re.search(culprit, str(caught.value))
    assert 'weights_only' not in str(caught.value)


def test_what_is_no_checkpoint_is_named(tmp_path, checkpoint):
    """Cut at any place, or another kind of file: torch raises a dozen kinds of error for these."""
    whole = Path(checkpoint).read_bytes()
    cuts = [whole[:length] for length in (0, 1, 60, len(whole) // 2, len(whole) - 30)]
    others = [
        b'hello world',
        b'Read this first',
        b'{"a": 1}',
        b'\x89PNG\r\n\x1a\n',
        b'<html></html>',
    ]
    generator = random.Random(0)
    noise = [generator.randbytes(generator.randrange(1, 60)) for _ in range(200)]
    for content in (*cuts, *others, *noise):
        path = tmp_path / 'net.pth'
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"checkpoint .*net\.pth' (cannot be read \(|holds)"):
            load_checkpoint_safely(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth'):
        load_checkpoint_safely(tmp_path / 'none.pth')


def test_stand_in_for_getattr():
    assert _history_buffer_method(HistoryBuffer, 'mean') is HistoryBuffer.mean
    for owner, name in [(HistoryBuffer, '__init__'), (np, 'load'), (torch, 'load')]:
        with pytest.raises(UnpicklingError):
            _history_buffer_method(owner, name)


class WritesAFile:
    """What an attacker would send: code that leaves a trace when the file is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def through_mmengine(path, work_dir):
    CheckpointLoader.load_checkpoint(str(path), map_location='cpu')


def through_a_url(path, work_dir):
    os.environ['TORCH_HOME'] = str(work_dir)
    load_from_http(path.as_uri())


def through_open_mmlab(path, work_dir):
    os.environ['MMENGINE_HOME'] = str(work_dir)
    (work_dir / 'open_mmlab.json').write_text(json.dumps(dict(some=path.name)))
    CheckpointLoader.load_checkpoint('open-mmlab://some')


def runner(work_dir, **kwargs):
    return Runner(
        model=BaseModule(kwargs.pop('init_cfg', None)),
        work_dir=str(work_dir / 'work'),
        default_hooks=dict(logger=None, timer=None),
        experiment_name=f'malicious{len(str(kwargs))}',
        **kwargs,
    )


def through_load_from(path, work_dir):
    runner(work_dir, load_from=str(path)).load_or_resume()


def through_resume(path, work_dir):
    work = work_dir / 'work'
    work.mkdir()
    (work / 'last_checkpoint').write_text(str(path))
    runner(work_dir, resume=True).load_or_resume()


def through_init_cfg(path, work_dir):
    runner(work_dir, init_cfg=dict(type='Pretrained', checkpoint=str(path))).model.init_weights()


def through_a_clean_checkpoint(path, work_dir):
    load_clean_checkpoint(torch.nn.Linear(2, 2), str(path), 'model.clean_checkpoint')


def through_a_fisher_file(path, work_dir):
    load_fisher(str(path))


def through_lpips(path, work_dir):
    fill_lpips(build_lpips(), heads=str(path), backbone=str(path))


@pytest.mark.parametrize(
    'load',
    [
        load_checkpoint_safely,
        through_mmengine,
        through_a_url,
        through_open_mmlab,
        through_load_from,
        through_resume,
        through_init_cfg,
        through_a_clean_checkpoint,
        through_a_fisher_file,
        through_lpips,
    ],
    ids=lambda one: one.__name__,
)
@pytest.mark.parametrize('zipped', [True, False])
def test_no_way_of_loading_runs_code(tmp_path, monkeypatch, load, zipped):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))  # undone, whatever the way sets
    monkeypatch.setenv('MMENGINE_HOME', str(tmp_path))
    path, trace = tmp_path / 'evil.pth', tmp_path / 'trace'
    content = dict(state_dict={}, meta={}, evil=WritesAFile(trace))
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    arguments = (path,) if load is load_checkpoint_safely else (path, tmp_path)
    with pytest.raises(ValueError, match=r'evil\.pth.* could run code: .*mkdir'):
        load(*arguments)
    assert not trace.exists()
    pickle.loads(pickle.dumps(content['evil']))  # it is one
    assert trace.is_dir()


def test_a_url_of_weights_loads(tmp_path, monkeypatch, checkpoint):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert torch.equal(
        load_from_http(checkpoint.as_uri())['state_dict']['weight'], torch.arange(3.0)
    )
