# D2SM "w/o Internal": samples are whole crops.
_base_ = './ffdnet_cityscapes_d2sm.py'
model = dict(losses=dict(d2sm=dict(patches=None)))
