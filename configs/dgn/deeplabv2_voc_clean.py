# DeepLab v2 on clean VOC, from ImageNet weights: the network every adaptation starts from.
# Published: 2.5e-4 at batch 10, ten times that in the head; a tenth of it at batch 1.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/voc.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet101')))
optim_wrapper = dict(
    optimizer=dict(lr=2.5e-5),
    paramwise_cfg=dict(custom_keys={'conv_seg': dict(lr_mult=10.0)}),
)
