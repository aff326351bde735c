"""NormEvalHook, RandomStateHook and GramGapHook."""

import copy
import io
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, RUNNERS
from mmseg.registry import MODELS
from torch.nn.modules.batchnorm import _BatchNorm

from mmdegrade.engine.hooks import GramGapHook, RandomStateHook
from mmdegrade.engine.hooks import random_state as module
from mmdegrade.engine.hooks.random_state import random_states, restore_random_states
from mmdegrade.models.losses import dense_gram_loss
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean

TAPS = ['backbone.layer3.*', 'backbone.layer4.*']


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('hooks')
    make_camvid(root / 'camvid', images=4, size=(32, 40))
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


def build(data, work_dir, model, hooks=(), iters=2):
    """A runner on stock parts, whose data and dropout draw from the global generators."""
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='RandomCrop', crop_size=(24, 24)),
        dict(type='PackDegradeInputs'),
    ]
    return RUNNERS.build(
        Config(
            dict(
                default_scope='mmseg',
                runner_type='Runner',
                work_dir=str(work_dir),
                model=model,
                train_dataloader=dict(
                    batch_size=2,
                    num_workers=0,
                    sampler=dict(type='InfiniteSampler'),
                    dataset=dict(
                        type='CamVidDataset',
                        data_root=str(data / 'camvid'),
                        ann_file='train.txt',
                        pipeline=pipeline,
                    ),
                ),
                train_cfg=dict(type='IterBasedTrainLoop', max_iters=iters, val_interval=1000),
                optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
                default_hooks=dict(
                    logger=dict(type='LoggerHook', interval=1),
                    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1000),
                ),
                custom_hooks=list(hooks),
                load_from=str(data / 'clean.pth') if 'segmentor' not in model else None,
                log_processor=dict(by_epoch=False),
                env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
                randomness=dict(seed=0),
                experiment_name=str(work_dir).replace('/', '_'),
            )
        )
    )


def plain(data) -> dict:
    return fcn_r18(dropout=0.5)


def wrapped(data) -> dict:
    return dense_gram(fcn_r18(dropout=0.5), str(data / 'clean.pth'))


@pytest.mark.parametrize('model', [plain, wrapped])
def test_norm_eval_freezes_statistics_and_trains_the_rest(data, tmp_path, model):
    def trained(name, hooks):
        runner = build(data, tmp_path / name, model(data), hooks)
        runner.train()
        return {key.removeprefix('segmentor.'): v for key, v in runner.model.state_dict().items()}

    start = torch.load(data / 'clean.pth')['state_dict']
    frozen = trained('frozen', [dict(type='NormEvalHook')])
    free = trained('free', [])
    assert frozen.keys() == start.keys()
    statistics = [
        k for k in start if k.endswith(('running_mean', 'running_var', 'batches_tracked'))
    ]
    assert len(statistics) > 30
    for key in statistics:
        assert torch.equal(frozen[key], start[key]), key
        assert not torch.equal(free[key], start[key]), key
    for key in ('backbone.layer4.0.bn1.weight', 'decode_head.convs.0.bn.bias',
                'backbone.layer1.0.conv1.weight'):  # fmt: skip
        assert not torch.equal(frozen[key], start[key]), key


def test_norm_eval_touches_only_batch_norm(data, tmp_path):
    runner = build(data, tmp_path, plain(data), [dict(type='NormEvalHook')])
    runner.train()
    for module_ in runner.model.modules():
        assert module_.training != isinstance(module_, _BatchNorm)


def dropout_at(iteration, seed=3, disturb=0) -> list:
    for _ in range(disturb):
        torch.rand(3), np.random.rand(), random.random()
    RandomStateHook().before_train_iter(SimpleNamespace(seed=seed, iter=iteration), 0)
    mask = torch.nn.functional.dropout(torch.ones(64), 0.5)
    return [mask.tolist(), np.random.rand(), random.random()]


def test_random_numbers_depend_on_seed_iteration_and_rank_alone(monkeypatch):
    base = dropout_at(5)
    assert dropout_at(5, disturb=3) == base
    monkeypatch.setattr(module, 'get_rank', lambda: 1)
    others = [dropout_at(5)]
    monkeypatch.undo()
    others += [dropout_at(6), dropout_at(5, seed=4)]
    for i, one in enumerate(others):
        for other in [base, *others[:i]]:
            assert all(a != b for a, b in zip(one, other, strict=True))


def draws() -> list:
    return [torch.rand(3).tolist(), torch.randn(3).tolist(), np.random.rand(3).tolist(),
            np.random.randn(), random.random(), random.gauss(0, 1)]  # fmt: skip


def test_states_make_the_round_trip_through_a_safe_checkpoint():
    np.random.randn(), random.gauss(0, 1)  # leaves a second Gaussian waiting in both
    buffer = io.BytesIO()
    checkpoint = {}
    RandomStateHook().before_save_checkpoint(None, checkpoint)
    torch.save(checkpoint, buffer)
    expected = draws()
    assert draws() != expected
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=True)
    hook = RandomStateHook()
    hook.after_load_checkpoint(SimpleNamespace(_resume=False), loaded)
    assert draws() != expected  # weights only: a new run
    hook.after_load_checkpoint(SimpleNamespace(_resume=True), loaded)
    assert draws() == expected
    restore_random_states(loaded['random_states'])
    assert draws() == expected
    hook.after_load_checkpoint(SimpleNamespace(_resume=True), {})  # a checkpoint without states


class Watch(Hook):
    """After each iteration, and after all other hooks: batch, weights and modes."""

    priority = 'LOWEST'
    last: dict = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.modes = {name: m.training for name, m in runner.model.named_modules()}

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        assert self.modes == {name: m.training for name, m in runner.model.named_modules()}
        Watch.last = dict(
            data=copy.deepcopy(data_batch),
            state=copy.deepcopy(runner.model.state_dict()),
            logged={
                key: buffer.current()
                for key, buffer in runner.message_hub.log_scalars.items()
                if 'gram_gap' in key
            },
        )


@pytest.fixture
def watch():
    HOOKS.register_module(module=Watch)
    return dict(type='Watch')


def eval_features(state: dict, images) -> dict[str, list]:
    """Outputs of the residual blocks, by a plain loop over the backbone's own modules."""
    network = MODELS.build(fcn_r18())
    network.load_state_dict(state)
    network.train(False)
    backbone, maps = network.backbone, {}
    with torch.no_grad():
        x = backbone.maxpool(backbone.stem(images))
        for name in backbone.res_layers:
            for block in getattr(backbone, name):
                x = block(x)
                maps.setdefault(name, []).append(x.clone())
    return maps


@pytest.mark.parametrize('model', [plain, wrapped])
def test_gram_gap_is_the_dense_gram_loss(data, tmp_path, watch, model):
    hook = dict(type='GramGapHook', clean_checkpoint=str(data / 'clean.pth'), taps=TAPS, interval=2)
    runner = build(data, tmp_path, model(data), [hook, watch], iters=3)
    runner.train()
    logged = runner.message_hub.log_scalars
    buffers = {key: value for key, value in logged.items() if 'gram_gap' in key}
    assert set(buffers) == {'train/gram_gap.layer3', 'train/gram_gap.layer4'}
    assert all(len(value.data[0]) == 1 for value in buffers.values())  # at iteration 2 only

    one = build(data, tmp_path / 'one', model(data), [dict(hook, interval=1), watch], iters=1)
    one.train()
    seen = Watch.last
    images = one.model.data_preprocessor(seen['data'], True)['inputs']
    state = {key.removeprefix('segmentor.'): value for key, value in seen['state'].items()}
    target = eval_features(state, images)
    source = eval_features(torch.load(data / 'clean.pth')['state_dict'], images)
    for block in ('layer3', 'layer4'):
        expected = dense_gram_loss(source[block], target[block]).item()
        assert expected > 0
        assert seen['logged'][f'train/gram_gap.{block}'] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize('model', [plain, wrapped])
def test_gram_gap_changes_nothing(data, tmp_path, watch, model):
    def trained(name, hooks):
        runner = build(data, tmp_path / name, model(data), [*hooks, watch], iters=2)
        runner.train()
        return runner.model.state_dict(), random_states(), draws()

    hook = dict(type='GramGapHook', clean_checkpoint=str(data / 'clean.pth'), interval=1)
    state, _, numbers = trained('with', [hook])
    assert Watch.last['logged']
    expected, _, expected_numbers = trained('without', [])
    assert not Watch.last['logged']
    assert numbers == expected_numbers
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[key], value) for key, value in expected.items())


def test_gram_gap_errors(data, tmp_path):
    with pytest.raises(ValueError, match='interval=0; allowed: 1 or more'):
        GramGapHook('clean.pth', interval=0)
    hook = dict(type='GramGapHook', clean_checkpoint=str(tmp_path / 'absent.pth'))
    with pytest.raises(FileNotFoundError, match='absent.pth'):
        build(data, tmp_path / 'a', plain(data), [hook]).train()
    hook = dict(type='GramGapHook', clean_checkpoint=str(data / 'clean.pth'), taps=['backbone.x'])
    with pytest.raises(ValueError, match="'backbone.x' matches no module"):
        build(data, tmp_path / 'b', plain(data), [hook]).train()


def test_norm_eval_of_some_parts():
    model = torch.nn.ModuleDict(
        dict(a=torch.nn.BatchNorm2d(2), b=torch.nn.Sequential(torch.nn.BatchNorm2d(2)))
    ).train()
    runner = SimpleNamespace(model=model)
    hook = HOOKS.build(dict(type='NormEvalHook', parts=['b']))
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    assert model['a'].training and not model['b'][0].training
    with pytest.raises(ValueError, match=r"no \['c'\]; allowed: \['a', 'b'\]"):
        HOOKS.build(dict(type='NormEvalHook', parts=['c'])).before_train(runner)
