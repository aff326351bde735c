# L1 + D2SM on 5x5 patches of 224 pixels of each crop, with queues of 256.
_base_ = './ffdnet_cityscapes_l1.py'
model = dict(losses=dict(d2sm=dict(type='D2SMLoss', feature_extractor=_base_.features)))
