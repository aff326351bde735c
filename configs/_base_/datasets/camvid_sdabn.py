# CamVid for SDABN: noise of σ 50, drawn anew for each image and not clipped, after all geometry;
# other noise as cityscapes_sdabn.py says. Denoisers see `patches`, whose size suits a CPU.
_base_ = './camvid.py'
degradation = dict(_delete_=True, kind='awgn', degree=4, preset='sdabn')
# What a stage that trains a denoiser changes of train_dataloader.
patches = dict(
    batch_size=4,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadMask'),  # for true labels as condition, and for DMS
            dict(type='RandomCrop', crop_size=(96, 96)),
            dict(type='RandomRotFlip', rotate_prob=0, flip_prob=1),
            dict(type='RandomFlip', prob=0.5),
            dict(type='Degrade', keep_clean=True),
            dict(type='PackDegradeInputs'),
        ]
    ),
)
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='Degrade', keep_clean=True),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
# For models that restore: both in one pass, images unclipped and without a border of one pixel.
restoring_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric', protocol='sdabn'),
]
