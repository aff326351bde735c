# UBCN on RainCityscapes' pairs of files. The schedule is Cityscapes', counted in its iterations.
# Start: configs/dgn/pspnet_cityscapes_clean.py
_base_ = [
    '../_base_/models/pspnet_r101.py',
    '../_base_/datasets/rain_cityscapes.py',
    '../_base_/schedules/ubcn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    _delete_=True,
    type='UBCNSegmentor',
    segmentor={{_base_.model}},
    derain=dict(type='ImageDerainModule', with_cp=True),
    attentive=dict(type='SemanticAttentiveModule', num_paths=10, with_cp=True),
    discriminator=dict(type='FeatureDiscriminator', in_channels=2048),
    classes='CityscapesDataset',
    clean_checkpoint='work_dirs/pspnet_cityscapes_clean/iter_80000.pth',
)
patches = _base_.patches
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.derain_stage, name='IDM', train=['derain'], dataloader=patches),
        dict(_base_.adapt_stage, name='FAM', train=['segmentor', 'discriminator']),
        dict(_base_.attentive_stage, name='SAM', train=['attentive'], dataloader=patches),
        dict(
            _base_.whole_stage,
            name='all',
            train=['derain', 'segmentor', 'attentive'],
            dataloader=dict(patches, batch_size=12),
        ),
    ],
)
test_evaluator = {{_base_.loop_evaluator}}
