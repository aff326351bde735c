"""Unknown keys and types, with what was meant."""

import re

import pytest

from mmdegrade.datasets.transforms import Degrade
from mmdegrade.engine.checks.keys import allowed_keys
from mmdegrade.engine.checks.names import near, our_class, registered
from mmdegrade.engine.hooks import NormEvalHook
from mmdegrade.engine.loops import StagedTrainLoop
from mmdegrade.models import DegradeDataPreprocessor
from tests.engine.checks.sound import dgn, problems, sdabn


def test_sound_configs_have_no_problems():
    assert problems(dgn()) == problems(sdabn()) == {}


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('model.tapss', ['backbone.layer3.*'], "DenseGramSegmentor .*did you mean 'taps'"),
        ('model.loss_gram.loss_weigth', 0.5, "DenseGramLoss .*did you mean 'loss_weight'"),
        ('custom_hooks.0.part', ['backbone'], "NormEvalHook .*did you mean 'parts'"),
        ('train_dataloader.sampler.shufle', True, "KeyedSampler .*did you mean 'shuffle'"),
        ('train_dataloader.sampler.dataset', 1, 'KeyedSampler .*allowed: shuffle, seed'),
        ('train_dataloader.dataset.ann_fil', 'x', "CamVidDataset .*did you mean 'ann_file'"),
        # of the base class, to which **kwargs are handed on
        ('train_dataloader.dataset.data_prefx', 'x', "CamVidDataset .*did you mean 'data_prefix'"),
        ('train_dataloader.dataset.pipeline.0.to_float', 1, "LoadImage .*mean 'to_float32'"),
        ('train_dataloader.dataset.pipeline.4.key', 1, 'StackPair .*allowed: none'),
    ],
)
def test_unknown_key(key, value, message):
    cfg = dgn()
    node = cfg
    *path, last = key.split('.')
    for name in path:
        node = node[int(name) if isinstance(node, list) else name]
    node[last] = value
    found = problems(cfg)
    assert list(found) == [key]
    assert re.search(message, found[key]) and f'{key}={value!r}' in found[key]


def test_train_cfg_of_another_loop_says_where_the_setting_is_now():
    found = problems(sdabn(train_cfg__val_interval=10, train_cfg__max_iters=6))
    assert found['train_cfg.val_interval'] == (
        'train_cfg.val_interval=10: StagedTrainLoop has no such key. each stage has its own: '
        'train_cfg.stages[…].val_interval'
    )
    assert 'train_cfg.stages[…].iters' in found['train_cfg.max_iters']


def test_types_that_are_nearly_ours():
    cfg = dgn(model__loss_gram__type='DenseGramLos')
    cfg.train_dataloader.dataset.pipeline[3].type = 'Degrad'
    cfg.custom_hooks.append(dict(type='SomebodysHook', wehgt=1))  # not ours, nor near
    found = problems(cfg)
    assert "did you mean 'DenseGramLoss'" in found['model.loss_gram.type']
    assert "did you mean 'Degrade'" in found['train_dataloader.dataset.pipeline.3.type']
    assert len(found) == 2


def test_types_that_are_nearly_those_of_others():
    cfg = dgn()
    cfg.train_cfg.type = 'IterBasedTrainLop'
    cfg.optim_wrapper.optimizer.type = 'torch_made_up'  # near nothing
    found = problems(cfg)
    assert list(found) == ['train_cfg.type']
    assert "did you mean 'IterBasedTrainLoop'" in found['train_cfg.type']


def test_scopes_classes_and_what_others_have():
    known = registered()
    assert our_class('mmseg.Degrade', known) is our_class(Degrade, known) is Degrade
    assert our_class('PhotoMetricDistortion', known) is None
    assert our_class('Absent', known) is None
    # Keys of parts that are not ours are not looked at: they may take any.
    assert problems(dgn(model__segmentor__backbone__dept=18)) == {}


def test_allowed_keys_by_who_builds():
    assert allowed_keys(StagedTrainLoop) == (['stages', 'only_stage'], False)
    assert allowed_keys(NormEvalHook) == (['parts', 'priority'], False)
    names, any_other = allowed_keys(DegradeDataPreprocessor)
    assert {'mean', 'std', 'size_divisor', 'bgr_to_rgb', 'test_cfg'} <= set(names)
    assert not any_other
    assert allowed_keys(Degrade)[1]  # the parameters of the kind, which are checked by themselves


def test_near():
    assert near('tapss', ['taps', 'tap']) == "did you mean 'taps'? " and near('x', ['taps']) == ''
