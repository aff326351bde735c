# UBCN: IDM → FAM → SAM → all of them. T = 1, 2: model.iterations=1, 2, when testing, too.
_base_ = './street_scenes_rain150_idm_fam.py'
model = dict(
    attentive=dict(type='SemanticAttentiveModule', num_paths=5, num_blocks=2, residual=True),
    classes='StreetScenesDataset',
    iterations=3,
)
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(
            _base_.attentive_stage,
            name='SAM',
            train=['attentive'],
            dataloader=dict(_base_.patches, batch_size=2),
        ),
        dict(
            _base_.whole_stage,
            name='all',
            train=['derain', 'segmentor', 'attentive'],
            dataloader=dict(_base_.patches, batch_size=2),
        ),
    ]
)
test_evaluator = {{_base_.loop_evaluator}}
