# L1 + 0.02 x the cross-entropy of the fixed segmentor on restored crops.
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(losses=dict(ce=dict(type='SegmentationLoss', loss_weight=0.02, **_base_.fixed)))
