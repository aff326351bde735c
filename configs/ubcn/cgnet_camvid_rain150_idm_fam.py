# Without the loop: IDM, then the segmentor adapted to its images.
# Start: configs/dgn/cgnet_camvid_clean.py
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_ubcn.py',
    '../_base_/schedules/ubcn_camvid.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='UBCNSegmentor',
    segmentor={{_base_.model}},
    derain=dict(type='ImageDerainModule', num_blocks=11, residual=True),
    discriminator=dict(type='FeatureDiscriminator', in_channels=256, strides=(2, 2, 1, 1, 1, 1)),
    clean_checkpoint='work_dirs/cgnet_camvid_clean/iter_1500.pth',
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.derain_stage, name='IDM', train=['derain'], dataloader=_base_.patches),
        dict(_base_.adapt_stage, name='FAM', train=['segmentor', 'discriminator']),
    ],
)
custom_hooks = [dict(type='NormEvalHook', parts=['segmentor'])]
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=100))
