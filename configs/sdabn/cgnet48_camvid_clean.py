# The wide CGNet of S1+ on clean images, by the schedule of configs/dgn/cgnet_camvid_clean.py.
_base_ = '../dgn/cgnet_camvid_clean.py'
model = dict(
    backbone=dict(num_channels=(48, 96, 192)), decode_head=dict(in_channels=384, channels=384)
)
