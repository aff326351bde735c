# RainCityscapes: rainy and clean streets in files, 36 versions of a street, with Cityscapes' masks.
# Geometry moves both images of a pair and the mask; whole images are tested. Crops are ours.
data_root = 'data/cityscapes'
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadCleanImage'),
    dict(type='LoadMask'),
    dict(type='StackPair'),
    dict(type='RandomCrop', crop_size=(512, 1024), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='SplitPair'),
    dict(type='PackDegradeInputs'),
]
patches = dict(
    batch_size=24,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadCleanImage'),
            dict(type='LoadMask'),
            dict(type='StackPair'),
            dict(type='RandomCrop', crop_size=(256, 256)),
            dict(type='RandomFlip', prob=0.5),
            dict(type='SplitPair'),
            dict(type='PackDegradeInputs'),
        ]
    ),
)
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadCleanImage'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(
    batch_size=24,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='RainCityscapesDataset',
        data_root=data_root,
        data_prefix=dict(
            img_path='leftImg8bit_rain/train',
            clean_path='leftImg8bit/train',
            seg_map_path='gtFine/train',
        ),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='RainCityscapesDataset',
        data_root=data_root,
        data_prefix=dict(
            img_path='leftImg8bit_rain/val',
            clean_path='leftImg8bit/val',
            seg_map_path='gtFine/val',
        ),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
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
val_evaluator = restoring_evaluator
test_evaluator = val_evaluator
