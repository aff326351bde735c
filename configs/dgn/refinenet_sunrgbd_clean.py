# RefineNet on clean SUN RGB-D, from ImageNet weights: the network every adaptation starts from.
# lr 5e-4 at batch 1, as published.
_base_ = [
    '../_base_/models/refinenet_r101.py',
    '../_base_/datasets/sunrgbd.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101')),
    decode_head=dict(num_classes=37),
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
