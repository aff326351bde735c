# CamVid for fidelity calibration. Noise on [0, 1], clipped: for training of a level drawn from
# 0, 0.1, …, 0.5 for each image after all geometry, for validation of 0.3, in tests of every level
# and varying over the image. Restorer and estimator are trained on `patches` of 50 pixels.
_base_ = './camvid.py'
degradation = dict(_delete_=True, kind='awgn', degree=3, preset='fidelity')
mixed_noise = dict(
    type='RandomDegrade',
    choices=[dict(kind='awgn', degree=[1, 2, 3, 4, 5], preset='fidelity')],
    prob=5 / 6,
    keep_clean=True,
)
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(type='RandomCrop', crop_size=(288, 288), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    mixed_noise,
    dict(type='PackDegradeInputs'),
]
patches = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='RandomCrop', crop_size=(50, 50)),
            dict(type='RandomFlip', prob=0.5),
            mixed_noise,
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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
# For models that restore: mIoU, PSNR and SSIM in one pass.
restoring_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric'),
]
cells = [
    dict(kind='clean'),
    *[dict(kind='awgn', degree=degree, preset='fidelity') for degree in (1, 2, 3, 4, 5)],
    dict(kind='awgn_1d', degree=1, preset='fidelity'),
    dict(kind='awgn_2d', degree=1, preset='fidelity'),
]
test_cfg = dict(type='DegradationTestLoop', cells=cells)
