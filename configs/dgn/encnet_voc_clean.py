# EncNet on clean VOC, from ImageNet weights: the network every adaptation starts from.
# Batch 16, lr 1e-2 and 40,000 iterations as in MMSegmentation, whose checkpoint serves as well.
_base_ = [
    '../_base_/models/encnet_r101.py',
    '../_base_/datasets/voc.py',
    '../_base_/schedules/sgd_poly_40k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='open-mmlab://resnet101_v1c')),
)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline={{_base_.batch_pipeline}}))
