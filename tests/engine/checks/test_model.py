"""What a built model shows: taps, parts that no stage trains, parameters that nobody holds."""

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmseg.registry import MODELS
from torch import nn

from mmdegrade.engine.checks import check_config
from mmdegrade.engine.checks.model import build_empty, looked_at, patterns_of
from tests.engine.checks.sound import SGD, dgn, problems, sdabn
from tests.tiny import fcn_r18

TRAIN = 'train_dataloader'


def test_sound_models():
    assert problems(dgn(), TRAIN) == problems(sdabn(), TRAIN) == {}


def test_the_model_is_built_without_weights_and_without_a_trace():
    state = torch.get_rng_state()
    model = build_empty(dgn().model)
    assert {p.device.type for p in model.parameters()} == {'meta'}
    assert torch.equal(torch.get_rng_state(), state)


def test_a_constructor_that_computes_is_built_on_the_cpu():
    class Computing(BaseModel):
        def __init__(self) -> None:
            super().__init__()
            self.rates = [one.item() for one in torch.linspace(0, 1, 3)]

        def forward(self, inputs, data_samples=None, mode='tensor'):
            return inputs

    MODELS.register_module(name='ComputingModel', module=Computing, force=True)
    assert build_empty(dict(type='ComputingModel')).rates == [0, 0.5, 1]


def test_every_tap_that_matches_nothing():
    cfg = dgn(model__taps=['backbone.layer9.*', 'backbone.layer4.*', 'backbone.layr3.0'])
    cfg.custom_hooks.append(
        dict(type='GramGapHook', clean_checkpoint='absent', taps=['decode_head.convs.7'])
    )
    found = [one for one in check(cfg) if 'matches no module' in str(one)]
    assert [(one.key, one.value) for one in found] == [
        ('model.taps', 'backbone.layer9.*'),
        ('model.taps', 'backbone.layr3.0'),
        ('custom_hooks.1.taps', 'decode_head.convs.7'),
    ]
    assert 'did you mean backbone.layer3.0' in str(found[1])


def check(cfg) -> list:
    return check_config(cfg, TRAIN, files=False)


def test_taps_of_a_hook_alone_and_of_feature_losses():
    cfg = dgn()
    cfg.custom_hooks.append(dict(type='GramGapHook', clean_checkpoint='absent', taps='backbone.x'))
    assert list(problems(cfg, TRAIN)) == ['custom_hooks.1.taps']
    features = dict(
        type='BackboneFeatures', checkpoint='absent', backbone=fcn_r18()['backbone'],
        taps=['backbone.layer2.5'],
    )  # fmt: skip
    loss = dict(type='RestorationPerceptualLoss', feature_extractor=features)
    model = dict(_delete_=True, type='RestorationModel', restorer=dict(type='FFDNet'),
                 condition='noise_level', losses=loss)  # fmt: skip
    found = problems(dgn(model=model), TRAIN)
    assert list(found) == ['model.losses.feature_extractor.taps']


def test_a_model_that_does_not_build_is_named():
    found = problems(dgn(model__source_input='dirty'), TRAIN)
    assert "source_input='dirty'; allowed: 'degraded' (DGN)" in found['model']
    # Where the reason is known by its key, it is not said twice.
    assert list(problems(dgn(model__tapz=[]), TRAIN)) == ['model.tapz']


def test_patterns():
    assert patterns_of('default') == ['default']
    assert patterns_of(dict(a=['x', 'y'], b='z')) == ['x', 'y', 'z'] == patterns_of(['x', 'y', 'z'])


def test_a_part_that_no_stage_trains():
    cfg = sdabn()
    cfg.train_cfg.stages.pop(1)
    found = problems(cfg, TRAIN)
    assert list(found) == ['train_cfg.stages']
    assert "no stage trains the part 'D1' of SDABNSegmentor" in found['train_cfg.stages']
    assert "'S1', 'S2'" in found['train_cfg.stages']
    for start in (
        dict(load_from='absent.pth'),
        dict(train_cfg__stages=[dict(cfg.train_cfg.stages[0], init_from=dict(D1='absent.pth')),
                                cfg.train_cfg.stages[1]]),
    ):  # fmt: skip
        cfg = sdabn(**start)
        assert problems(cfg, TRAIN) == {}
    # Segmentors start from the clean checkpoint; denoisers do not.
    cfg = sdabn(model__clean_checkpoint='absent.pth')
    cfg.train_cfg.stages = cfg.train_cfg.stages[1:2]
    assert problems(cfg, TRAIN) == {}
    cfg.train_cfg.stages[0].train = ['S2']
    assert "'D1'" in problems(cfg, TRAIN)['train_cfg.stages']
    # Behind all that is trained, it may be meant: another config goes on from here.
    cfg.train_cfg.stages[0].train = ['S1']
    assert problems(cfg, TRAIN) == {}
    assert "'D1'" in problems(cfg, TRAIN, severity='warning')['train_cfg.stages']


def test_parts_that_do_not_exist():
    cfg = sdabn()
    cfg.train_cfg.stages[1].train = ['D2']
    cfg.train_cfg.stages[2].init_from = dict(S3='S1')
    found = problems(cfg, TRAIN)
    assert list(found) == ['train_cfg.stages[1].train', 'train_cfg.stages[2].init_from']
    assert "no part 'D2' that can be trained" in found['train_cfg.stages[1].train']
    assert 'allowed: S1, D1, S2' in found['train_cfg.stages[2].init_from']


def test_settings_of_stages_all_at_once():
    cfg = sdabn()
    cfg.train_cfg.stages[0] = dict(name='S1', train='S1', iter=4)
    cfg.train_cfg.stages[2].iters = 0
    found = [str(one) for one in check(cfg)]
    assert len(found) == 4
    for message in ("did you mean 'iters'", "['iters'] not set", "train='S1'", 'iters=0; allowed'):
        assert any(message in one for one in found), message


def test_stages_of_a_model_that_has_none():
    cfg = sdabn()
    cfg.model = fcn_r18()
    assert 'IterBasedTrainLoop' in problems(cfg, TRAIN)['model.type']


def test_orphans():
    """A constructor that forgets the biases."""

    @OPTIM_WRAPPER_CONSTRUCTORS.register_module(name='NoBiases', force=True)
    class NoBiases(DefaultOptimWrapperConstructor):
        def __call__(self, model):
            kept = {n.replace('.', '_'): p for n, p in model.named_parameters() if 'bias' not in n}
            return super().__call__(nn.ParameterDict(kept))

    count = sum('bias' in n for n, p in build_empty(dgn().model).named_parameters()
                if p.requires_grad)  # fmt: skip
    found = problems(dgn(optim_wrapper=dict(SGD, constructor='NoBiases')), TRAIN)
    assert f'no optimiser holds {count} parameters' in found['optim_wrapper']
    assert 'segmentor.backbone.stem.1.bias' in found['optim_wrapper']
    cfg = sdabn()
    cfg.train_cfg.stages[1].optim_wrapper = dict(SGD, constructor='NoBiases')
    found = problems(cfg, TRAIN)
    assert 'D1.' in found['optim_wrapper'] and 'S1.' not in found['optim_wrapper']
    OPTIM_WRAPPER_CONSTRUCTORS.module_dict.pop('NoBiases')


def test_what_is_frozen_needs_no_optimiser():
    cfg, model = dgn(), build_empty(dgn().model)
    assert looked_at(cfg, model) == []
    for parameter in model.segmentor.backbone.layer1.parameters():
        parameter.requires_grad_(False)  # frozen on purpose
    assert looked_at(cfg, model) == []


@pytest.mark.parametrize(
    'wrapper, key, message',
    [
        (
            dict(D2=SGD),
            'train_cfg.stages[1].optim_wrapper',
            "has ['D2']. allowed: one with 'optimizer', or one for each of ['D1']",
        ),
        (
            dict(type='OptimWrapper', optimizer=dict(type='SGDD', lr=1)),
            'optim_wrapper',
            "optimizer.type='SGDD': nothing is registered by this name. did you mean 'SGD'?",
        ),
        (dict(SGD, constructor='Stricct'), 'optim_wrapper', "constructor='Stricct': nothing"),
    ],
)
def test_optimisers_of_stages(wrapper, key, message):
    cfg = sdabn()
    cfg.train_cfg.stages[1].optim_wrapper = wrapper
    assert message in problems(cfg, TRAIN)[key]
