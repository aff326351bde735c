# DLA-60 with its up-sampling tree: as dla34.py, wider and deeper; 30.0 M parameters, 11 classes.
# The authors' ImageNet weights: http://dl.yf.io/dla/models/imagenet/dla60-24839fc4.pth
_base_ = './dla34.py'
model = dict(
    backbone=dict(depth=60),
    decode_head=dict(in_channels=(32, 128, 256, 512, 1024)),
)
dgn_taps = dict(level4=['backbone.level4.tree?.tree?.tree?'])
