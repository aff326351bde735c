# The map read off the clean image: what calibration of VGG16 can reach.
_base_ = './vgg16_caltech256_awgn_pretrained.py'
model = dict(setting='oracle', estimator=None, estimator_checkpoint=None)
