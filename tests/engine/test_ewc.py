"""EWCHook, the Fisher estimate behind it, and learning rates of named blocks."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import RUNNERS, init_default_scope
from mmengine.runner import Runner
from mmseg.registry import MODELS

from mmdegrade.apis import estimate_fisher
from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.engine.hooks import EWCHook
from tests.tiny import batch, fcn_r18, make_camvid, save_clean


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('ewc')
    make_camvid(root / 'camvid', images=3, size=(32, 40))
    save_clean(fcn_r18(), root / 'clean.pth')
    torch.save(
        estimate_fisher(config(root), str(root / 'clean.pth'), images=3), root / 'fisher.pth'
    )
    return root


def config(root, hooks=(), **kwargs) -> Config:
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='Degrade'),
        dict(type='PackDegradeInputs'),
    ]
    cfg = dict(
        default_scope='mmseg',
        work_dir=str(root / 'work'),
        degradation=dict(kind='gblur', degree=5),
        model=fcn_r18(),
        train_dataloader=dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(
                type='CamVidDataset',
                data_root=str(root / 'camvid'),
                ann_file='train.txt',
                pipeline=pipeline,
            ),
        ),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=3, val_interval=1000),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.02)),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        custom_hooks=list(hooks),
        runner_type='DegradeRunner',
        load_from=str(root / 'clean.pth'),
        log_processor=dict(by_epoch=False),
        env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
        randomness=dict(seed=0),
        experiment_name=f'ewc{len(hooks)}{kwargs}',
    )
    return Config({**cfg, **kwargs})


def train(cfg):
    runner = RUNNERS.build(cfg)
    runner.train()
    return runner


def distance(model, fisher_file) -> float:
    """Σ F (θ − θ*)²."""
    stored = torch.load(fisher_file)
    return sum(
        float((stored['fisher'][name] * (p.detach() - stored['start'][name]).square()).sum())
        for name, p in model.named_parameters()
    )


def test_fisher_is_the_mean_squared_gradient_of_single_clean_images(data):
    cfg = config(data)
    cfg.degradation = dict(kind='clean')
    init_default_scope('mmseg')
    loader = Runner.build_dataloader(fill_degradation(cfg).train_dataloader, seed=0)
    model = MODELS.build(cfg.model)
    model.load_state_dict(torch.load(data / 'clean.pth')['state_dict'])
    model.train(False)
    expected = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for item in loader:
        model.zero_grad()
        inputs = model.data_preprocessor(item, True)
        model.loss(inputs['inputs'], inputs['data_samples'])['decode.loss_ce'].backward()
        for name, p in model.named_parameters():
            expected[name] += p.grad**2 / 3
    stored = torch.load(data / 'fisher.pth')
    assert stored['images'] == 3 and stored['fisher'].keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(stored['fisher'][name], value, rtol=1e-4, atol=1e-9), name
    assert torch.equal(
        stored['start']['decode_head.conv_seg.bias'], model.decode_head.conv_seg.bias
    )


def test_the_penalty_is_the_formula_and_its_gradient(data):
    model = MODELS.build(fcn_r18(dropout=0))
    model.load_state_dict(torch.load(data / 'clean.pth')['state_dict'])
    model.train(False)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.01)

    runner = SimpleNamespace(model=model)
    inputs, samples = batch(2, (32, 32))
    plain = model.loss(inputs, samples)
    hook = EWCHook(str(data / 'fisher.pth'), weight=400)
    hook.before_train(runner)
    losses = model.loss(inputs, samples)
    expected = 200 * distance(model, data / 'fisher.pth')
    assert float(losses['loss_ewc']) == pytest.approx(expected, rel=1e-5)
    assert torch.equal(losses['decode.loss_ce'], plain['decode.loss_ce'])
    model.zero_grad()
    losses['loss_ewc'].backward()
    stored = torch.load(data / 'fisher.pth')
    for name, p in model.named_parameters():
        gradient = 400 * stored['fisher'][name] * (p.detach() - stored['start'][name])
        assert torch.allclose(p.grad, gradient, rtol=1e-4, atol=1e-9), name
    hook.after_train(runner)
    assert 'loss_ewc' not in model.loss(inputs, samples)


def test_training_with_ewc_stays_nearer_and_logs_it(data):
    fisher = str(data / 'fisher.pth')
    free = train(config(data))
    held = train(config(data, hooks=[dict(type='EWCHook', fisher=fisher, weight=400)]))
    assert distance(held.model, fisher) < 0.9 * distance(free.model, fisher)
    assert 'train/loss_ewc' in held.message_hub.log_scalars
    assert 'loss' not in vars(held.model)


def test_errors(data, tmp_path):
    with pytest.raises(ValueError, match='weight=0 does nothing'):
        EWCHook('x', weight=0)
    hooks = [dict(type='EWCHook', fisher=str(tmp_path / 'no.pth'))]
    with pytest.raises(FileNotFoundError, match='no.pth.*tools/estimate_fisher.py'):
        train(config(data, hooks=hooks, work_dir=str(tmp_path / 'a')))
    torch.save({'a': 1}, tmp_path / 'other.pth')
    hooks = [dict(type='EWCHook', fisher=str(tmp_path / 'other.pth'))]
    with pytest.raises(ValueError, match='was not written by'):
        train(config(data, hooks=hooks, work_dir=str(tmp_path / 'b')))
    stored = torch.load(data / 'fisher.pth')
    stored['fisher'].pop('decode_head.conv_seg.bias')
    torch.save(stored, tmp_path / 'less.pth')
    hooks = [dict(type='EWCHook', fisher=str(tmp_path / 'less.pth'))]
    with pytest.raises(ValueError, match=r"another network: it lacks \['decode_head.conv_seg.bias"):
        train(config(data, hooks=hooks, work_dir=str(tmp_path / 'c')))
    with pytest.raises(ValueError, match='images=0; allowed: 1 or more'):
        estimate_fisher(config(data), str(data / 'clean.pth'), images=0)


def test_learning_rate_of_named_blocks():
    init_default_scope('mmseg')
    model = MODELS.build(fcn_r18())
    cfg = dict(
        constructor='StrictOptimWrapperConstructor',
        optimizer=dict(type='SGD', lr=0.1),
        paramwise_cfg=dict(custom_keys={'backbone.layer3': dict(lr_mult=0.01)}),
    )
    rates = {}
    optim = build_optim_wrapper(model, cfg)
    for group in optim.param_groups:
        for p in group['params']:
            rates[id(p)] = group['lr']
    for name, p in model.named_parameters():
        assert rates[id(p)] == pytest.approx(0.001 if 'backbone.layer3' in name else 0.1)
    cfg['paramwise_cfg'] = dict(custom_keys={'backbone.layr3': dict(lr_mult=0.01)})
    with pytest.raises(ValueError, match=r"\['backbone.layr3'\] match no .*backbone.layer3.0"):
        build_optim_wrapper(model, cfg)
