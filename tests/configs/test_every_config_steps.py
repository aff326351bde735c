"""Every config of the repository trains: one iteration of the real runner on tiny data.

Configs that differ only in the kind of degradation are stepped once, by the Gaussian-blur one;
for the others it is shown that nothing else differs and that their data comes degraded as they
say. The slow tests step each of them too.
"""

import math

import mmengine.runner.runner as mmengine_runner
import pytest
import torch
from mmseg.registry import DATASETS as REGISTRY

from mmdegrade.engine.degradation import fill_degradation
from tests.configs.names import BY_NAME, KINDS, WRAPPED, load, parse
from tests.configs.shrink import one_step, shrink, shrink_data

OTHERS = [n for n in BY_NAME if parse(n).real_haze or parse(n).kind not in (None, 'gblur')]
STEPPED = [n for n in BY_NAME if n not in OTHERS]
#: A group of every method, for one test each: the tiny data and weights are made once.
GROUPS = sorted({parse(n).trained for n in STEPPED})
FAMILIES = sorted({n.replace('_gblur_', '_{}_') for n in STEPPED if '_gblur_' in n})


@pytest.fixture(autouse=True)
def no_environment_report(monkeypatch):
    """The runner asks the shell for compilers and GPUs, which takes longer than the step."""
    monkeypatch.setattr(mmengine_runner, 'collect_env', dict)


@pytest.fixture(scope='session')
def root(tmp_path_factory):
    """Tiny data and clean checkpoints of the session."""
    return tmp_path_factory.mktemp('tiny')


def step(name: str, root, work_dir) -> None:
    """Train one iteration and check losses and weights against what the name says."""
    said = parse(name)
    torch.manual_seed(0)
    cfg = shrink(load(BY_NAME[name]), root, said.trained)
    runner, before, logs = one_step(cfg, work_dir / name)
    assert runner.iter == 1
    wrapped = said.method in WRAPPED
    assert wrapped == ('loss_gram' in logs) == any(key.startswith('gram.') for key in logs), name
    assert ('loss_ewc' in logs) == (said.method == 'ewc')
    decode = [key for key in logs if 'loss' in key and '.' in key]
    assert decode and all(0 < logs[key] < math.inf for key in decode), (name, logs)
    if wrapped and said.method != 'layerwise':  # one image, equal weights: each layer is its own
        assert 0 < logs['loss_gram'] < math.inf, (name, logs)
    parts = [value for key, value in logs.items() if 'loss' in key and key != 'loss']
    assert logs['loss'] == pytest.approx(sum(parts), rel=1e-4)

    network = getattr(runner.model, 'segmentor', runner.model)
    after = dict(network.named_parameters())
    assert all(torch.isfinite(value).all() for value in after.values()), name
    moved = {key for key, value in after.items() if not torch.equal(value, before[key])}
    parts = (
        {'decode_head'}
        if said.trained.startswith('fcn8s') and said.method == 'clean'
        else {'backbone', 'decode_head'}
    )  # scores of FCN-8s start at zero: nothing reaches the backbone in the first step
    assert {key.split('.')[0] for key in moved} >= parts, name
    held = [key for key in after if key.startswith('backbone.level2.')]
    if said.method == 'rho0':
        assert held and not moved & set(held)
    elif said.method.startswith('rho'):
        assert len(moved & set(held)) > 0.5 * len(held)
        groups = {group['lr'] for group in runner.optim_wrapper.optimizer.param_groups}
        ratio = dict(rho01=0.1, rho001=0.01)[said.method]
        assert min(groups) == pytest.approx(ratio * max(groups))
    if wrapped:
        source = dict(runner.model.source.named_parameters())
        assert not any(parameter.requires_grad for parameter in source.values())


@pytest.mark.parametrize('group', GROUPS)
def test_one_iteration(group, root, tmp_path):
    names = [name for name in STEPPED if parse(name).trained == group]
    assert f'{group}_clean' in names and f'{group}_gblur_d5' in names
    for name in names:
        step(name, root, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize('name', OTHERS)
def test_one_iteration_of_the_others(name, root, tmp_path):
    step(name, root, tmp_path)


def without_degradation(cfg) -> dict:
    return {key: value for key, value in cfg.to_dict().items() if key != 'degradation'}


@pytest.mark.parametrize('family', [f for f in FAMILIES if f.format('haze') in BY_NAME])
def test_other_kinds_change_the_degradation_only(family, root):
    first = load(BY_NAME[family.format('gblur')])
    chosen = {**first.degradation}
    for kind in KINDS[1:]:
        cfg = load(BY_NAME[family.format(kind)])
        assert without_degradation(cfg) == without_degradation(first)
        assert dict(cfg.degradation) == {**chosen, 'kind': kind}


def test_every_pair_has_all_kinds():
    families = {f for f in FAMILIES if f.format('haze') in BY_NAME}
    for group in GROUPS:
        if not group.startswith(('street', 'fpn')):  # ours, beside the paper's pairs
            methods = ('finetune_', 'cd_', '', 'paired_')
            assert {f'{group}_{method}{{}}_d5' for method in methods} <= families


@pytest.mark.parametrize('dataset', ['voc', 'sunrgbd', 'camvid', 'cityscapes'])
def test_data_come_degraded_as_said(dataset, root):
    """Training, validation and test data of every kind and method, through their pipelines."""
    for kind in KINDS:
        for method in ('finetune', 'cd', 'paired'):
            cfg = load(BY_NAME[f'fcn8s_{dataset}_{method}_{kind}_d5'])
            cfg = fill_degradation(cfg)
            shrink_data(cfg, root)
            for split in ('train', 'val', 'test'):
                built = REGISTRY.build(cfg[f'{split}_dataloader'].dataset)
                records = [
                    built[i]['data_samples'].metainfo['degradations'][0] for i in range(len(built))
                ]
                kinds = {(record['kind'], record.get('degree')) for record in records}
                mixed = split == 'train' and method == 'cd'
                assert kinds <= {(kind, 5), ('clean', None)} if mixed else kinds == {(kind, 5)}
                has_clean = 'clean_img' in built[0]['data_samples']
                assert has_clean == (split == 'train' and method == 'paired')


def test_real_haze_is_tested_on_as_it_is(root):
    names = [name for name in BY_NAME if parse(name).real_haze]
    assert len(names) == 10  # five networks, fine-tuned and DGN
    for name in names:
        cfg = load(BY_NAME[name])
        trained = load(BY_NAME[name.replace('_real_haze', '_haze_d5')])
        assert cfg.model == trained.model
        cfg = fill_degradation(cfg)
        shrink_data(cfg, root)
        built = REGISTRY.build(cfg.test_dataloader.dataset)
        assert type(built).__name__ == 'RealHazeDataset' and len(built) == 3
        sample = built[0]['data_samples']
        assert sample.metainfo['degradations'][0]['kind'] == 'clean'
        assert sample.gt_sem_seg.data.shape[0] == 1
