# The estimator, trained before, is trained on with the calibration of ResNet-50.
_base_ = './resnet50_caltech256_awgn_pretrained.py'
model = dict(setting='end-to-end')
stage = dict(_base_.calibration_stage, name='calibration')
train_cfg = dict(stages=[dict(stage, train=['estimator', 'spatial', 'channel'])])
