# DLA-34 on clean Cityscapes, from ImageNet weights: the network every adaptation starts from.
# lr 1e-2 at batch 16, as published: batch normalisation wants a batch.
_base_ = [
    '../_base_/models/dla34.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_80k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained', checkpoint='http://dl.yf.io/dla/models/imagenet/dla34-ba72cf86.pth'
        )
    ),
    decode_head=dict(num_classes=19),
)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline={{_base_.batch_pipeline}}))
