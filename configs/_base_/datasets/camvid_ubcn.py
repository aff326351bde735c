# CamVid for UBCN, at sizes for a CPU. Rain of 150 mm/hr, drawn anew for each image after
# all geometry, at the depth of the whole image's ramp; 50 and 250: degradation.degree=1, 3. Clean
# images come along, for the losses.
_base_ = './camvid.py'
degradation = dict(_delete_=True, kind='rain', degree=2, preset='ubcn')
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='DepthRamp'),
    dict(type='LoadMask'),
    dict(type='RandomCrop', crop_size=(192, 192), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade', keep_clean=True),
    dict(type='PackDegradeInputs'),
]
# What a stage that trains a deraining module changes of train_dataloader.
patches = dict(
    batch_size=4,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='DepthRamp'),
            dict(type='LoadMask'),
            dict(type='RandomCrop', crop_size=(96, 96)),
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
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
# For models that restore: both in one pass.
restoring_evaluator = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric'),
]
# For models that work in a loop: what was given, the result, and that of each step.
loop_evaluator = [
    dict(type='RestorationMetric', image='input'),
    *restoring_evaluator,
    *[dict(type='LoopStepsMetric', metric=metric) for metric in restoring_evaluator],
]
