"""Stages: the right parts, optimisers and data, exact resume, and errors that name the setting."""

import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, RUNNERS
from torch import nn
from torch.utils.data import Dataset

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.engine.loops import StagedTrainLoop
from mmdegrade.models.staged import StagedModel
from tests.engine.test_resume import same
from tests.two_processes import run_in_two


@DATASETS.register_module(force=True)
class NumbersDataset(Dataset):
    """Sample i is the number i times ``scale``, with noise that its draw decides."""

    def __init__(self, scale: float = 1.0, size: int = 10) -> None:
        self.scale, self.size = scale, size
        self.pipeline = self._draw

    def _draw(self, results: dict) -> torch.Tensor:
        x = torch.full((4,), self.scale * int(results['sample_idx']) / 10)
        return x + 0.1 * torch.rand(4)

    def __getitem__(self, index) -> dict:
        return dict(x=self.pipeline(dict(sample_idx=index)))

    def __len__(self) -> int:
        return self.size


def branch() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 4))


@MODELS.register_module(force=True)
class TwoParts(StagedModel, BaseModel):
    """``second`` works on what ``first`` gives."""

    def __init__(self, plain: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = (
            nn.Linear(4, 4).double() if plain else branch() for _ in range(2)
        )
        self.seen: list[float] = []

    def forward(self, x, mode='tensor'):
        x = torch.stack(x).to(next(self.parameters()).dtype)
        self.seen.append(float(x.abs().max()))
        y = self.run_part('first', x)
        if self.trained_parts == ('first',):
            return dict(loss=(y - x).square().mean())
        assert y.requires_grad == ('first' in self.trained_parts)
        return dict(loss=(self.run_part('second', y) - x).square().mean())


SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
ADAM = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=0.01))
POLY = [dict(type='PolyLR', power=0.9, begin=0, end=4, by_epoch=False)]
STAGES = [
    dict(name='A', train=['first'], iters=4),
    dict(
        name='B',
        train=['second'],
        iters=5,
        optim_wrapper=ADAM,
        param_scheduler=[dict(type='ConstantLR', factor=0.5, end=3, by_epoch=False)],
        dataloader=dict(batch_size=3, dataset=dict(scale=-5.0)),
        init_from=dict(second='first'),
    ),
    dict(name='C', train=['first', 'second'], iters=3, optim_wrapper=dict(first=SGD, second=ADAM)),
]


def config(tmp_path, work_dir, stages=STAGES, interval=1, workers=0, **kwargs) -> Config:
    return Config(
        dict(
            dict(
                default_scope='mmengine',
                runner_type='DegradeRunner',
                work_dir=str(tmp_path / work_dir),
                model=dict(type='TwoParts'),
                train_dataloader=dict(
                    batch_size=2,
                    num_workers=workers,
                    sampler=dict(type='KeyedSampler'),
                    dataset=dict(type='NumbersDataset'),
                ),
                train_cfg=dict(type='StagedTrainLoop', stages=stages),
                optim_wrapper=SGD,
                param_scheduler=POLY,
                default_hooks=dict(
                    logger=dict(type='LoggerHook', interval=1),
                    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=interval),
                    random_state=dict(type='RandomStateHook'),
                ),
                log_processor=dict(by_epoch=False),
                env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
                randomness=dict(seed=5),
                experiment_name=f'staged_{work_dir}_{len(list(tmp_path.glob("**/*.log")))}',
            ),
            **kwargs,
        )
    )


def train(cfg: Config):
    runner = RUNNERS.build(cfg)
    runner.train()
    return runner


def load(cfg: Config, name: str) -> dict:
    return load_checkpoint_safely(f'{cfg.work_dir}/{name}')


def parts(state: dict, part: str) -> dict:
    return {key: value for key, value in state.items() if key.startswith(f'{part}.')}


def equal(a: dict, b: dict) -> bool:
    return all(torch.equal(value, b[key]) for key, value in a.items())


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """An uninterrupted run, with a checkpoint after every iteration."""
    folder = tmp_path_factory.mktemp('staged')
    cfg = config(folder, 'whole')
    return cfg, train(cfg)


def test_each_stage_trains_its_parts_alone(whole):
    cfg, _ = whole
    start, after_a, after_b, end = (
        load(cfg, name)['state_dict']
        for name in ('iter_1.pth', 'stage_1_A.pth', 'stage_2_B.pth', 'iter_12.pth')
    )
    # A: the second part, its BN statistics included, does not move.
    assert equal(parts(start, 'second'), parts(after_a, 'second'))
    assert not equal(parts(start, 'first'), parts(after_a, 'first'))
    assert equal(parts(after_a, 'first'), parts(after_b, 'first'))
    assert not equal(parts(after_a, 'second'), parts(after_b, 'second'))
    for part in ('first', 'second'):
        assert not equal(parts(after_b, part), parts(end, part))


def test_a_part_starts_from_another(whole, tmp_path):
    cfg = config(
        tmp_path,
        'copy',
        stages=[
            dict(name='A', train=['first'], iters=2),
            dict(
                name='B',
                train=['first'],
                iters=1,
                init_from=dict(second='first'),
                optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.0)),
            ),
        ],
    )
    train(cfg)
    state = load(cfg, 'stage_2_B.pth')['state_dict']
    first = load(cfg, 'stage_1_A.pth')['state_dict']
    for name in ('0.weight', '1.running_mean', '3.bias'):
        assert torch.equal(state[f'second.{name}'], first[f'first.{name}'])


def test_each_stage_has_its_optimiser_schedule_and_data(whole):
    cfg, runner = whole
    saved = load(cfg, 'iter_5.pth')
    assert 'exp_avg' in saved['optimizer']['state'][0]  # Adam, one iteration old
    assert saved['optimizer']['state'][0]['step'] == 1
    assert saved['optimizer']['param_groups'][0]['initial_lr'] == 0.01
    assert saved['optimizer']['param_groups'][0]['lr'] == pytest.approx(0.005)
    first = load(cfg, 'iter_2.pth')
    assert 'momentum_buffer' in first['optimizer']['state'][0]
    # PolyLR reaches 0 in the last of four iterations: 0.1 × (1 − 2/3)^0.9 in the third.
    lr = first['optimizer']['param_groups'][0]['lr']
    assert lr == pytest.approx(0.1 * (1 / 3) ** 0.9)
    assert set(load(cfg, 'iter_12.pth')['optimizer']) == {'first', 'second'}
    # Data: numbers up to 0.9 in A and C, down to -4.5 in B.
    seen = runner.model.seen
    assert len(seen) == 12
    assert max(seen[:4] + seen[9:]) < 1.01
    assert max(seen[4:9]) > 2


def test_the_log_names_the_stage(whole):
    cfg, _ = whole
    log = next(Path(cfg.work_dir).glob('*/*.log')).read_text()
    assert '[A] Iter(train) [ 4/12]' in log
    assert '[B] Iter(train) [ 5/12]' in log
    assert "stage 2 'B': iterations 5-9 of 12, training second" in log


def test_each_stage_averages_its_own_losses(whole):
    _, runner = whole
    losses, _ = runner.message_hub.get_scalar('train/loss').data
    assert len(losses) == 3  # of the last stage, none of the nine before


@pytest.mark.parametrize(  # inside of stages, and at their ends
    'stop, workers', [(2, 0), (4, 0), (6, 0), (6, 2), (9, 0), (11, 0)]
)
def test_resume_is_exact(whole, tmp_path, stop, workers):
    cfg, _ = whole
    part = config(tmp_path, 'part', workers=workers)
    whole_dir, part_dir = Path(cfg.work_dir), Path(part.work_dir)
    part_dir.mkdir(parents=True)
    # As after a kill: the checkpoint of iteration `stop` is the last one written.
    os.link(whole_dir / f'iter_{stop}.pth', part_dir / f'iter_{stop}.pth')
    (part_dir / 'last_checkpoint').write_text(str(part_dir / f'iter_{stop}.pth'))
    part.resume = True
    train(part)
    same(load(cfg, 'iter_12.pth'), load(part, 'iter_12.pth'))


def test_one_stage_alone(whole, tmp_path):
    cfg, _ = whole
    alone = config(tmp_path, 'alone', load_from=f'{cfg.work_dir}/stage_1_A.pth')
    alone.train_cfg.only_stage = 'B'
    runner = train(alone)
    assert runner.iter == 5
    a, b = (load(one, 'stage_2_B.pth')['state_dict'] for one in (cfg, alone))
    # Same start, data and optimiser; dropout differs, being keyed to the iteration of the run.
    assert equal(parts(a, 'first'), parts(b, 'first'))
    assert not equal(parts(b, 'second'), parts(load(cfg, 'iter_4.pth')['state_dict'], 'second'))


def test_resume_with_other_stages_is_refused(whole, tmp_path):
    cfg, _ = whole
    other = config(tmp_path, 'other', stages=STAGES[:2])
    other.load_from, other.resume = f'{cfg.work_dir}/iter_6.pth', True
    other.work_dir = cfg.work_dir
    with pytest.raises(ValueError, match=r"stages \['A \(4\)'.*'C \(3\)'\].*train_cfg.stages"):
        train(other)


@pytest.mark.parametrize(
    'change, match',
    [
        (dict(train=['third']), r"stages\[0\].train: .* no part 'third' .*allowed: first, second"),
        (dict(init_from=dict(third='first')), r"stages\[0\].init_from: .* no part 'third'"),
        (dict(init_from=dict(second='gone.pth')), r'init_from.second=.gone.pth.: no such'),
        (dict(train='first'), r'stages\[0\].train='),
        (dict(iters=0), r'stages\[0\].iters=0; allowed: a positive integer'),
        (dict(optim_wraper=SGD), "did you mean 'optim_wrapper'"),
        (dict(optim_wrapper=dict(second=SGD)), r"optim_wrapper: has \['second'\]"),
        (dict(init_from='second'), r'init_from='),
    ],
)
def test_mistakes_are_named(tmp_path, change, match):
    stages = [dict(dict(name='A', train=['first'], iters=2), **change)]
    with pytest.raises((ValueError, FileNotFoundError), match=match):
        train(config(tmp_path, 'bad', stages=stages))


def test_more_mistakes(tmp_path):
    for stages, match in (
        ([], 'stages is empty'),
        ([dict(name='A', iters=2)], r"stages\[0\]: \['train'\] not set"),
        ([dict(name='A', train=['first'], iters=2)] * 2, 'names must differ'),
    ):
        with pytest.raises(ValueError, match=match):
            train(config(tmp_path, 'bad', stages=stages))
    cfg = config(tmp_path, 'bad')
    cfg.train_cfg.only_stage = 'D'
    with pytest.raises(ValueError, match=r"only_stage='D'; allowed: \['A', 'B', 'C'\]"):
        train(cfg)
    cfg = config(tmp_path, 'bad', model=dict(type='ToyModel'))
    cfg.model = dict(type='PlainModel')
    with pytest.raises(ValueError, match="model.type='PlainModel': has no stages"):
        train(cfg)


@MODELS.register_module(force=True)
class PlainModel(BaseModel):
    """No stages."""

    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Linear(4, 4)

    def forward(self, x, mode='tensor'):
        return dict(loss=self.only(x).mean())


def test_parts_outside_of_stages():
    model = TwoParts()
    assert model.trained_parts == ('first', 'second')
    model.train_only('second')
    model.train()
    assert (model.first.training, model.second.training) == (False, True)
    assert all(parameter.requires_grad for parameter in model.parameters())
    with pytest.raises(ValueError, match=r"has no part \['third'\]"):
        model.train_only('third')
    assert StagedTrainLoop.__name__ == 'StagedTrainLoop'


TWO_PROCESSES = """
import sys, torch
from pathlib import Path
import mmdegrade
import torch.distributed as dist
from mmdegrade.compat.cpu_distributed import init_cpu_distributed
from tests.engine.test_staged_train_loop import config, train
torch.set_num_threads(1)
cfg = config(Path(sys.argv[1]), 'two', launcher='pytorch', model=dict(type='TwoParts', plain=True))
cfg.train_dataloader.batch_size = 1
cfg.train_cfg.stages[1].dataloader.batch_size = 2
init_cpu_distributed(cfg)
runner = train(cfg)
assert type(runner.model).__name__ == 'StagedDistributedDataParallel'
dist.barrier()
dist.destroy_process_group()
"""


def test_two_processes_equal_one_and_resume(tmp_path):
    run_in_two(tmp_path, TWO_PROCESSES, tmp_path)
    one = config(tmp_path, 'one', model=dict(type='TwoParts', plain=True))
    one.train_cfg.stages[1].dataloader.batch_size = 4
    train(one)
    two = load_checkpoint_safely(str(tmp_path / 'two' / 'iter_12.pth'))['state_dict']
    state = load(one, 'iter_12.pth')['state_dict']
    assert list(two) == list(state)
    for key, value in state.items():
        assert float((two[key] - value).abs().max()) <= 1e-12, key
