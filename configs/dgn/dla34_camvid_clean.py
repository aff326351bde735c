# DLA-34 on clean CamVid, from ImageNet weights: the network every adaptation starts from.
# lr 1e-2 at batch 16, as published: batch normalisation wants a batch.
_base_ = [
    '../_base_/models/dla34.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/sgd_poly_28k.py',
    '../_base_/default_runtime.py',
]
model = dict(
    backbone=dict(
        init_cfg=dict(
            type='Pretrained', checkpoint='http://dl.yf.io/dla/models/imagenet/dla34-ba72cf86.pth'
        )
    ),
)
train_dataloader = dict(batch_size=16)
