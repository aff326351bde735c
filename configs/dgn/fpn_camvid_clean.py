# The demonstration's slim FPN on clean CamVid, from scratch: AdamW, 3,000 iterations of batch 4,
# scaled by 0.5-2. The adaptations below start from its checkpoint.
_base_ = [
    '../_base_/models/fpn_r18_slim.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/adamw_poly_1000.py',
    '../_base_/default_runtime.py',
]
max_iters = 3000
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadMask'),
            dict(type='RandomResize', scale=(480, 360), ratio_range=(0.5, 2.0), keep_ratio=True),
            dict(type='RandomCrop', crop_size=(288, 288), cat_max_ratio=0.75),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PhotoMetricDistortion'),
            dict(type='Degrade'),
            dict(type='PackDegradeInputs'),
        ]
    ),
)
