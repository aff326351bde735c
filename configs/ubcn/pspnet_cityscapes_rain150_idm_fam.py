# Without the loop: IDM, then the segmentor adapted to its images.
# Start: configs/dgn/pspnet_cityscapes_clean.py
_base_ = [
    '../_base_/models/pspnet_r101.py',
    '../_base_/datasets/cityscapes_ubcn.py',
    '../_base_/schedules/ubcn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='UBCNSegmentor',
    segmentor={{_base_.model}},
    derain=dict(type='ImageDerainModule', with_cp=True),
    discriminator=dict(type='FeatureDiscriminator', in_channels=2048),
    clean_checkpoint='work_dirs/pspnet_cityscapes_clean/iter_80000.pth',
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.derain_stage, name='IDM', train=['derain'], dataloader=_base_.patches),
        dict(_base_.adapt_stage, name='FAM', train=['segmentor', 'discriminator']),
    ],
)
val_evaluator = {{_base_.restoring_evaluator}}
test_evaluator = val_evaluator
