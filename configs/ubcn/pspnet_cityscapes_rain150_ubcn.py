# UBCN: IDM → FAM → SAM → all of them. T = 1, 2: model.iterations=1, 2, when testing, too.
_base_ = './pspnet_cityscapes_rain150_idm_fam.py'
model = dict(
    attentive=dict(type='SemanticAttentiveModule', num_paths=10, with_cp=True),
    classes='CityscapesDataset',
    iterations=3,
)
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(
            _base_.attentive_stage,
            name='SAM',
            train=['attentive'],
            dataloader=dict(_base_.patches, batch_size=24),
        ),
        dict(
            _base_.whole_stage,
            name='all',
            train=['derain', 'segmentor', 'attentive'],
            dataloader=dict(_base_.patches, batch_size=12),
        ),
    ]
)
test_evaluator = {{_base_.loop_evaluator}}
