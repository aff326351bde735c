# Setup 3: AlexNet retrained on restored images. Tested noisy: --cfg-options model.restorer=None
_base_ = './alexnet_caltech256_awgn_retrained_noisy.py'
model = dict(
    _delete_=True,
    type='RestoreThenClassify',
    classifier=_base_.model.classifier,
    restorer=dict(type='DnCNN'),
    restorer_checkpoint='work_dirs/dncnn_caltech256_awgn/stage_1_restorer.pth',
    torchvision_checkpoint=_base_.model.torchvision_checkpoint,
)
