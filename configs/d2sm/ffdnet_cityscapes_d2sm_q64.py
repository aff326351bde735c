# D2SM with queues of 64 patches.
_base_ = './ffdnet_cityscapes_d2sm.py'
model = dict(losses=dict(d2sm=dict(queue_size=64)))
