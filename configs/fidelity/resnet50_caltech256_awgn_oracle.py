# The map read off the clean image: what calibration of ResNet-50 can reach.
_base_ = './resnet50_caltech256_awgn_pretrained.py'
model = dict(setting='oracle', estimator=None, estimator_checkpoint=None)
