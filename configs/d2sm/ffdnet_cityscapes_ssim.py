# L1 + (1 - SSIM) of restored crops.
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(losses=dict(ssim=dict(type='RestorationSSIMLoss')))
