# Setup 3: ResNet-50 retrained on restored images. Tested noisy: --cfg-options model.restorer=None
_base_ = './resnet50_caltech256_awgn_retrained_noisy.py'
model = dict(
    _delete_=True,
    type='RestoreThenClassify',
    classifier=_base_.model,
    restorer=dict(type='DnCNN'),
    restorer_checkpoint='work_dirs/dncnn_caltech256_awgn/stage_1_restorer.pth',
)
