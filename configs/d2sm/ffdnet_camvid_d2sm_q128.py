# D2SM with queues of 128 patches.
_base_ = './ffdnet_camvid_d2sm.py'
model = dict(losses=dict(d2sm=dict(queue_size=128)))
