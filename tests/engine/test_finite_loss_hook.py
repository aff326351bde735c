"""A loss that is no number never reaches the weights, and is explained."""

import logging

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from mmseg.structures import SegDataSample
from torch.utils.data import DataLoader

from mmdegrade.engine.hooks import FiniteLossHook

LR = 0.5


class Line(BaseModel):
    """loss_square = (weight · x)², loss_part = [weight] where x is finite."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(1.0))
        self.seen = []

    def forward(self, inputs, data_samples, mode):
        x = torch.stack(inputs).squeeze()
        self.seen.append(float(x))
        return dict(
            loss_square=(self.weight * x) ** 2,
            loss_parts=[0 * self.weight, 0 * self.weight],
            acc=torch.tensor(float('nan')),  # only losses count
        )


class TwoSteps(Line):
    """Two optimisers, as adversarial models have them."""

    def train_step(self, data, optim_wrapper):
        data = self.data_preprocessor(data, True)
        loss, logged = self.parse_losses(self._run_forward(data, mode='loss'))
        optim_wrapper['one'].update_params(loss)
        return logged


def samples(values):
    return [
        dict(
            inputs=torch.tensor([x]),
            data_samples=SegDataSample(metainfo=dict(img_path=f'{i}.png')),
        )
        for i, x in enumerate(values)
    ]


def collate(batch):
    return {key: [sample[key] for sample in batch] for key in batch[0]}


def make(folder, values, hook, model=None, iters=None, **arguments):
    model = model or Line()
    optimiser = OptimWrapper(torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9))
    return Runner(
        model=model,
        work_dir=str(folder),
        train_dataloader=DataLoader(samples(values), batch_size=1, collate_fn=collate),
        train_cfg=dict(by_epoch=False, max_iters=iters or len(values)),
        optim_wrapper=OptimWrapperDict(one=optimiser) if type(model) is TwoSteps else optimiser,
        custom_hooks=[hook],
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=1),
            checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=False),
        ),
        log_processor=dict(by_epoch=False),
        experiment_name=folder.name + str(iters),
        **arguments,
    )


def weight_after(values):
    weight, velocity = 1.0, 0.0
    for x in values:
        velocity = 0.9 * velocity + 2 * weight * x * x
        weight -= LR * velocity
    return weight


@pytest.mark.parametrize('model', [Line, TwoSteps])
@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_stops_before_the_step_and_names_the_loss_and_the_image(tmp_path, value, model):
    runner = make(tmp_path, [0.3, 0.2, value, 0.1], FiniteLossHook(), model())
    with pytest.raises(FloatingPointError) as error:
        runner.train()
    message = str(error.value)
    for part in ('iteration 3', f'loss_square={value:g}', 'loss_parts=0', '2.png', '--resume'):
        assert part in message
    assert 'acc' not in message
    assert float(runner.model.weight) == pytest.approx(weight_after([0.3, 0.2]))


@pytest.mark.parametrize('model', [Line, TwoSteps])
def test_leaves_out_as_many_as_allowed(tmp_path, model):
    values = [0.3, float('nan'), 0.2, float('inf'), 0.1]
    hook = FiniteLossHook(skip=2)
    runner = make(tmp_path, values, hook, model())
    runner.train()
    assert hook.skipped == 2 and runner.iter == 5
    assert float(runner.model.weight) == pytest.approx(weight_after([0.3, 0.2, 0.1]))
    assert len(runner.model.seen) == 5
    # The model is as it was: nothing of the hook is left on it.
    assert 'parse_losses' not in vars(runner.model) and 'train_step' not in vars(runner.model)
    runner = make(tmp_path, values, FiniteLossHook(skip=1), model())
    with pytest.raises(FloatingPointError, match='iteration 4'):
        runner.train()
    assert float(runner.model.weight) == pytest.approx(weight_after([0.3, 0.2]))


def test_each_left_out_iteration_is_told(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(
        'mmdegrade.engine.hooks.finite_loss.print_log',
        lambda text, logger, level: lines.append((text, level)),
    )
    make(tmp_path, [0.3, float('nan')], FiniteLossHook(skip=3)).train()
    ((text, level),) = lines
    assert 'skipped (1 of 3 allowed)' in text and '1.png' in text and level == logging.WARNING


def test_the_count_goes_on_after_a_resume(tmp_path):
    values = [0.3, float('nan'), 0.2, float('nan')]
    make(tmp_path, values, FiniteLossHook(skip=1), iters=3).train()
    runner = make(tmp_path, values, FiniteLossHook(skip=1), resume=True)
    hook = next(hook for hook in runner.hooks if isinstance(hook, FiniteLossHook))
    runner.load_or_resume()
    assert hook.skipped == 1 and runner.iter == 3
    # Weights alone start a run of its own.
    runner = make(
        tmp_path / 'b', values, FiniteLossHook(skip=1), load_from=str(tmp_path / 'iter_3.pth')
    )
    hook = next(hook for hook in runner.hooks if isinstance(hook, FiniteLossHook))
    runner.load_or_resume()
    assert hook.skipped == 0


def test_looks_only_now_and_then_if_told_to(tmp_path):
    runner = make(tmp_path, [0.3, float('nan'), 0.3], FiniteLossHook(interval=3))
    with pytest.raises(FloatingPointError, match='iteration 3'):  # the weight is spoilt by then
        runner.train()
    assert torch.isnan(runner.model.weight)


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        (dict(interval=0), 'interval=0; allowed: 1 or more'),
        (dict(skip=-1), 'skip=-1 with interval=1; allowed: 0 or more'),
        (dict(skip=2, interval=10), 'skip=2 with interval=10; allowed: .* interval=1 only'),
    ],
)
def test_errors(wrong, words):
    with pytest.raises(ValueError, match=words):
        FiniteLossHook(**wrong)
