# The estimator trained on with the calibration, on the Caltech-101 sample; both networks start as
# resnet18_caltech101_awgn_pretrained.py trained them.
_base_ = './resnet18_caltech101_awgn_pretrained.py'
work_dir_before = 'work_dirs/resnet18_caltech101_awgn_pretrained'
model = dict(
    setting='end-to-end',
    restorer_checkpoint=work_dir_before + '/stage_1_restorer.pth',
    estimator_checkpoint=work_dir_before + '/stage_2_estimator.pth',
)
stage = dict(_base_.calibration_stage, name='calibration')
train_cfg = dict(stages=[dict(stage, train=['estimator', 'spatial', 'channel']), _base_.ensemble])
