"""Full MMEngine checkpoints load with weights_only=True; files that could run code do not."""

import os
import re
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmdegrade.compat.checkpoint_loading import (
    _history_buffer_method,
    allow_mmengine_checkpoints,
    load_checkpoint_safely,
)


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


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth'):
        load_checkpoint_safely(tmp_path / 'none.pth')


def test_stand_in_for_getattr():
    assert _history_buffer_method(HistoryBuffer, 'mean') is HistoryBuffer.mean
    for owner, name in [(HistoryBuffer, '__init__'), (np, 'load'), (torch, 'load')]:
        with pytest.raises(UnpicklingError):
            _history_buffer_method(owner, name)
