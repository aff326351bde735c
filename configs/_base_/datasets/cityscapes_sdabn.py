# Cityscapes as SDABN uses it: noise of σ 50, drawn anew for each image and not clipped, after all
# geometry. σ 10, 25, 30: degradation.degree=1, 2, 3; any σ: degradation.degree=None
# degradation.sigma=15; Poisson: degradation.kind=poisson degradation.degree=1.
# Segmentors see crops of 1024x512 from images resized by 0.5, 0.6, … 2.1, denoisers see `patches`,
# any of the eight flips and rotations by 90 degrees; tests run on whole images.
_base_ = './cityscapes.py'
degradation = dict(_delete_=True, kind='awgn', degree=4, preset='sdabn')
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(
        type='RandomChoiceResize',
        scales=[(int(204.8 * k + 0.5), int(102.4 * k + 0.5)) for k in range(5, 22)],
        keep_ratio=True,
    ),
    dict(type='RandomCrop', crop_size=(512, 1024)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade'),
    dict(type='PackDegradeInputs'),
]
# What a stage that trains a denoiser changes of train_dataloader.
patches = dict(
    batch_size=64,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadMask'),  # for true labels as condition, and for DMS
            dict(type='RandomCrop', crop_size=(192, 192)),
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
# 40 and 64 are totals of the paper: divide them by the number of GPUs.
train_dataloader = dict(batch_size=40, num_workers=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
# For models that restore: both in one pass, images unclipped and without a border of one pixel.
restoring_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric', protocol='sdabn'),
]
# Of the 19 classes, as in the authors' code. The sum over pixels is divided by the sum of their
# weights, labelled pixels only; mmseg does so with avg_non_ignore=False.
weighted_loss = dict(
    class_weight=[
        0.8373, 0.918, 0.866, 1.0345, 1.0166, 0.9969, 0.9754, 1.0489, 0.8786, 1.0023, 0.9539,
        0.9843, 1.1116, 0.9037, 1.0865, 1.0955, 1.0865, 1.1529, 1.0507,
    ],
    avg_non_ignore=False,
)  # fmt: skip
