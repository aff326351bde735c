# L1 + 0.0005 x the cross-entropy of the fixed segmentor on restored crops.
_base_ = './ffdnet_camvid_l1.py'
model = dict(losses=dict(ce=dict(type='SegmentationLoss', loss_weight=0.0005, **_base_.fixed)))
