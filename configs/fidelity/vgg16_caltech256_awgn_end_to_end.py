# The estimator, trained before, is trained on with the calibration of VGG16.
_base_ = './vgg16_caltech256_awgn_pretrained.py'
model = dict(setting='end-to-end')
stage = dict(_base_.calibration_stage, name='calibration')
train_cfg = dict(stages=[dict(stage, train=['estimator', 'spatial', 'channel'])])
