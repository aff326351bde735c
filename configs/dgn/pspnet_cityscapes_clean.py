# PSPNet on clean Cityscapes, from ImageNet weights: the network every adaptation starts from.
# Batch 8, lr 1e-2 and 80,000 iterations as in MMSegmentation, whose checkpoint serves as well.
_base_ = [
    '../_base_/models/pspnet_r101.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_80k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://resnet101_v1c')),
)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline={{_base_.batch_pipeline}}))
