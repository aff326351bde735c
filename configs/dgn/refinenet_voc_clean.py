# RefineNet on clean VOC, from ImageNet weights: the network every adaptation starts from.
# lr 5e-4 at batch 1, as published.
_base_ = [
    '../_base_/models/refinenet_r101.py',
    '../_base_/datasets/voc.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101')))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
