"""Order of transforms, degradations, and factors of zero."""

import pytest

from mmdegrade.engine.checks.pipelines import flattened
from tests.engine.checks.sound import PIPELINE, dgn, loader, problems, sdabn

KEY = 'train_dataloader.dataset.pipeline'


def between(transform: dict):
    """The sound config with a transform between StackPair and SplitPair."""
    return dgn(train_dataloader=loader([*PIPELINE[:5], transform, *PIPELINE[5:]]))


@pytest.mark.parametrize(
    'transform, key, message',
    [
        (dict(type='PhotoMetricDistortion'), '5.type', 'six channels. Put it before the degr'),
        (dict(type='mmseg.CLAHE'), '5.type', 'six channels'),
        (dict(type='Degrade', kind='awgn', degree=1), '5.type', 'change the clean image'),
        (dict(type='Pad', size=(64, 64)), '5.type', 'model.data_preprocessor'),
        (dict(type='RandomRotate', prob=1, degree=5, pad_val=9), '5.pad_val', 'only 0 reaches'),
        (
            dict(type='RandomApply', transforms=[dict(type='AdjustGamma')]),
            '5.transforms.0.type',
            "'AdjustGamma': a colour transform between",
        ),
        (
            dict(type='RandomChoice', transforms=[[dict(type='Rerange')], []]),
            '5.transforms.0.0.type',
            "'Rerange': a colour transform between",
        ),
    ],
)
def test_between_stack_and_split(transform, key, message):
    found = problems(between(transform))
    assert list(found) == [f'{KEY}.{key}'] and message in found[f'{KEY}.{key}']


def test_geometry_between_and_colour_before_are_right():
    for transform in (
        dict(type='RandomRotate', prob=1, degree=5),
        dict(type='Resize', scale=(64, 48)),
        dict(type='RandomApply', transforms=[dict(type='RandomFlip', prob=1)]),
    ):
        assert problems(between(transform)) == {}


def test_half_a_pair():
    without_split = [one for one in PIPELINE if one['type'] != 'SplitPair']
    without_stack = [one for one in PIPELINE if one['type'] != 'StackPair']
    assert (
        'without a SplitPair' in problems(dgn(train_dataloader=loader(without_split)))[f'{KEY}.4']
    )
    assert (
        'without a StackPair' in problems(dgn(train_dataloader=loader(without_stack)))[f'{KEY}.6']
    )


def test_pipelines_of_stages_are_looked_at():
    cfg = sdabn()
    stacked = [dict(type='StackPair'), dict(type='CLAHE'), dict(type='SplitPair')]
    cfg.train_cfg.stages[1].dataloader = dict(dataset=dict(pipeline=stacked))
    assert list(problems(cfg)) == ['train_cfg.stages.1.dataloader.dataset.pipeline.1.type']


def test_flattened_keeps_the_order():
    inner = dict(type='RandomApply', transforms=[dict(type='B'), dict(type='C')])
    types = [one['type'] for _, one in flattened([dict(type='A'), inner, dict(type='D')], 'p')]
    assert types == ['A', 'RandomApply', 'B', 'C', 'D']


@pytest.mark.parametrize(
    'degradation, message',
    [
        (dict(kind='gblurr', degree=1), "Did you mean 'gblur'"),
        (dict(kind='gblur', sgima=1), "Did you mean 'sigma'"),
        (dict(kind='gblur', degree=9), 'degree must be 1-5'),
        (None, 'a Degrade has no kind'),
    ],
)
def test_top_level_degradation(degradation, message):
    cfg = dgn()
    cfg.degradation = degradation
    assert message in problems(cfg)['degradation']


def test_parameters_of_single_transforms():
    cfg = dgn()
    cfg.train_dataloader.dataset.pipeline = [
        dict(type='Degrade', kind='awgn', sigmma=25),
        dict(type='Degrade', kind='awgn', sigma=-1),
        dict(type='Restore', method='medain', size=3),
        dict(type='RandomDegrade', choices=[dict(kind='haze', degree=7)]),
        dict(type='RandomDegrade', choices=[dict(kind='haze', degree=1)], weight=2),
        dict(type='Degrade', kind='awgn', sigma=25, prob=0.5),
    ]
    found = problems(cfg)
    assert list(found) == [f'{KEY}.{place}' for place in ('4.weight', 0, 1, 2, 3)]
    for place, message in enumerate(
        ["Did you mean 'sigma'", 'sigma must be', "Did you mean 'median'", 'choices[0]']
    ):
        assert message in found[f'{KEY}.{place}']


def test_a_misspelt_top_level_key_is_a_warning():
    cfg = dgn(degredation=dict(kind='haze', degree=1))
    assert problems(cfg) == {}
    assert "did you mean 'degradation'" in problems(cfg, severity='warning')['degredation']


def test_factors_of_zero():
    cfg = dgn(model__loss_gram__loss_weight=0)
    cfg.custom_hooks.append(dict(type='EWCHook', fisher='absent', weight=0.0))
    found = problems(cfg)
    assert list(found) == ['model.loss_gram.loss_weight', 'custom_hooks.1.weight']
    assert 'DenseGramLoss trains nothing with a factor of 0' in found['model.loss_gram.loss_weight']
    # Legal, and perhaps meant: the rest of CBDNet's loss is still there.
    restorer = dict(type='CBDNet', variation_weight=0, asymmetric_weight=0.5)
    cfg = dgn(model=dict(_delete_=True, type='RestorationModel', restorer=restorer))
    assert problems(cfg) == {}
    assert list(problems(cfg, severity='warning')) == ['model.restorer.variation_weight']
    # Not ours: an auxiliary head may be switched off.
    head = dict(type='CrossEntropyLoss', loss_weight=0.0)
    assert problems(dgn(model__segmentor__decode_head__loss_decode=head), severity='warning') == {}
