# The map read off the clean image: what calibration of GoogLeNet can reach.
_base_ = './googlenet_caltech256_awgn_pretrained.py'
model = dict(setting='oracle', estimator=None, estimator_checkpoint=None)
