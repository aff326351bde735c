"""Small configs with nothing wrong, for the tests that put something wrong in."""

import copy

from mmengine.config import Config

from mmdegrade.engine.checks import check_config
from tests.tiny import dense_gram, fcn_r18

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(type='PhotoMetricDistortion'),
    dict(type='Degrade', keep_clean=True),
    dict(type='StackPair'),
    dict(type='RandomCrop', crop_size=(32, 32)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='SplitPair'),
    dict(type='PackDegradeInputs'),
]
SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))


def loader(pipeline) -> dict:
    return dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='KeyedSampler'),
        dataset=dict(
            type='CamVidDataset', data_root='absent/camvid', ann_file='train.txt', pipeline=pipeline
        ),
    )


def dgn(**changes) -> Config:
    """DGN around a narrow FCN-R18. Changes are dotted keys with double underscores."""
    cfg = Config(
        copy.deepcopy(
            dict(
                default_scope='mmseg',
                runner_type='DegradeRunner',
                degradation=dict(kind='gblur', degree=5),
                model=dense_gram(fcn_r18(), 'absent/clean.pth'),
                train_dataloader=loader(PIPELINE),
                train_cfg=dict(type='IterBasedTrainLoop', max_iters=4, val_interval=4),
                optim_wrapper=SGD,
                default_hooks=dict(random_state=dict(type='RandomStateHook')),
                custom_hooks=[dict(type='NormEvalHook', priority='LOW')],
            )
        )
    )
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in changes.items()})
    return cfg


def sdabn(**changes) -> Config:
    """S1 → D1 → S2 in three stages."""
    stages = [dict(name=part, train=[part], iters=2) for part in ('S1', 'D1', 'S2')]
    cfg = dgn()
    cfg.model = dict(
        type='SDABNSegmentor',
        segmentor=fcn_r18(),
        denoiser=dict(type='DDFN', condition_channels=11),
        num_blocks=2,
    )
    cfg.train_cfg = dict(type='StagedTrainLoop', stages=stages)
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in changes.items()})
    return cfg


def problems(cfg: Config, *loaders: str, severity: str = 'error') -> dict[str, str]:
    """What is wrong, by key; files are not looked for."""
    found = check_config(cfg, *loaders, files=False)
    return {one.key: str(one) for one in found if one.severity == severity}
