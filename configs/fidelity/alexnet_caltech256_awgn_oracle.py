# The map read off the clean image: what calibration of AlexNet can reach.
_base_ = './alexnet_caltech256_awgn_pretrained.py'
model = dict(setting='oracle', estimator=None, estimator_checkpoint=None)
