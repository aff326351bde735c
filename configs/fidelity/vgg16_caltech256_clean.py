# Setup 1: VGG16 on clean images. Tested on noisy ones: test.py of this config, without more.
_base_ = [
    '../_base_/models/vgg16_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    _delete_=True,
    type='RestoreThenClassify',
    classifier=_base_.model,
    restorer=None,
    torchvision_checkpoint='torchvision://vgg16',
)
train_dataloader = dict(dataset=dict(pipeline=_base_.clean_pipeline))
