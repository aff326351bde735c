"""A training killed at any moment, or out of disk, goes on from a whole checkpoint."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, RUNNERS

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.engine.last_checkpoint import mend_last_checkpoint

WEIGHTS = 200_000


class Counting(BaseModel):
    """Its weights are minus the number of iterations it was trained for."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(WEIGHTS))

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss=self.weight.sum())


class Nothing(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.zeros(1))


def config(work_dir, resume=True, max_iters=10**6, keep=2) -> Config:
    return Config(
        dict(
            default_scope='mmseg',
            runner_type='DegradeRunner',
            work_dir=str(work_dir),
            model=dict(type='Counting'),
            train_dataloader=dict(
                batch_size=1,
                num_workers=0,
                sampler=dict(type='InfiniteSampler'),
                dataset=dict(type='Nothing'),
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=1.0)),
            default_hooks=dict(
                logger=dict(type='LoggerHook', interval=10**6),
                checkpoint=dict(
                    type='CheckpointHook', by_epoch=False, interval=1, max_keep_ckpts=keep
                ),
            ),
            log_level='ERROR',
            resume=resume,
            experiment_name='killed',
        )
    )


@pytest.fixture(autouse=True)
def registered():
    MODELS.register_module(module=Counting, force=True)
    DATASETS.register_module(module=Nothing, force=True)


def in_a_child(work) -> int:
    """Start ``work`` in a process of its own; returns its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def wait_for(condition, child) -> None:
    end = time.monotonic() + 300
    while not condition():
        if os.waitpid(child, os.WNOHANG)[0]:
            pytest.fail('the training ended by itself')
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            pytest.fail('no checkpoint in five minutes')
        time.sleep(0.001)


def latest(work_dir) -> dict:
    """What a resumed run would load, checked."""
    mend_last_checkpoint(str(work_dir))
    saved = load_checkpoint_safely((Path(work_dir) / 'last_checkpoint').read_text())
    steps = saved['meta']['iter']
    assert (saved['state_dict']['weight'] == -steps).all()
    return saved


def kill_and_resume(tmp_path, seed: int, kills: int) -> None:
    generator, before = random.Random(seed), 0
    pointer = tmp_path / 'last_checkpoint'
    for _ in range(kills):
        known = pointer.read_text() if pointer.exists() else ''
        child = in_a_child(lambda: RUNNERS.build(config(tmp_path)).train())
        wait_for(lambda known=known: pointer.exists() and pointer.read_text() != known, child)
        time.sleep(generator.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        for path in tmp_path.glob('*.pth'):  # not only the newest is whole
            assert load_checkpoint_safely(path)['meta']['iter'] == int(path.stem[5:])
        after = latest(tmp_path)['meta']['iter']
        assert after > before  # every run went on from where the killed one was
        before = after
    assert not list(tmp_path.glob('.*.part'))


needs_fork = pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork and SIGKILL')


@needs_fork
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
def test_killed_trainings_go_on(tmp_path):
    kill_and_resume(tmp_path, seed=0, kills=3)


@needs_fork
@pytest.mark.slow
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
def test_killed_fifty_times(tmp_path):
    kill_and_resume(tmp_path, seed=1, kills=50)


@needs_fork
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
def test_a_disk_that_is_full_for_the_next_checkpoint(tmp_path):
    """The system refuses to write more than half a checkpoint, in a real process."""
    resource = pytest.importorskip('resource')
    RUNNERS.build(config(tmp_path, resume=False, max_iters=2)).train()

    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = 4 * WEIGHTS // 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            RUNNERS.build(config(tmp_path)).train()
        except OSError:
            os._exit(7)

    child = in_a_child(work)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert not list(tmp_path.glob('.*.part'))
    assert sorted(path.name for path in tmp_path.glob('*.pth')) == ['iter_2.pth']
    assert latest(tmp_path)['meta']['iter'] == 2


@pytest.mark.parametrize('left', ['', '/gone/iter_9.pth'])
def test_an_emptied_pointer_is_mended(tmp_path, left):
    """What a kill between open() and write() leaves; that moment is too short to hit."""
    RUNNERS.build(config(tmp_path, resume=False, max_iters=11)).train()
    (tmp_path / 'last_checkpoint').write_text(left)
    (tmp_path / '.iter_12.pth.0123456789abcdef.part').write_bytes(b'half')
    cfg = config(tmp_path, max_iters=12)
    RUNNERS.build(cfg).train()
    assert latest(tmp_path)['meta']['iter'] == 12
    assert not list(tmp_path.glob('.*.part'))


def test_pointers_that_are_left_alone(tmp_path):
    mend_last_checkpoint(str(tmp_path / 'absent'))
    mend_last_checkpoint(str(tmp_path))
    assert not list(tmp_path.iterdir())  # no pointer, none made
    pointer = tmp_path / 'last_checkpoint'
    for name in ('iter_3.pth', 'iter_20.pth'):
        (tmp_path / name).touch()
    for named in (str(tmp_path / 'iter_3.pth'), 's3://bucket/iter_3.pth'):
        pointer.write_text(named)
        mend_last_checkpoint(str(tmp_path))
        assert pointer.read_text() == named
    pointer.write_text('')
    mend_last_checkpoint(str(tmp_path))
    assert pointer.read_text() == str(tmp_path / 'iter_20.pth')  # as numbers, not as words
    for name in ('iter_3.pth', 'iter_20.pth'):
        (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match='last_checkpoint names .*iter_20.pth.*remove'):
        mend_last_checkpoint(str(tmp_path))


def test_shipped_configs_keep_the_checkpoint_before():
    """MMEngine removes the oldest before it writes the next: keeping one means keeping none."""
    root = Path(__file__).parents[2] / 'configs' / '_base_'
    for path in root.glob('*runtime.py'):
        keep = Config.fromfile(path).default_hooks.checkpoint.get('max_keep_ckpts', -1)
        assert keep == -1 or keep > 1, path
