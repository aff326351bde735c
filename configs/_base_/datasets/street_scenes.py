# StreetScenes: 400 rendered scenes for training, 40 held back, 100 for the test, 240x320 pixels.
# Each is rendered when it is first asked for and kept below data_root; nothing is downloaded.
data_root = 'data/street_scenes'
degradation = dict(kind='clean')  # stands for every Degrade() below
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadDepth'),  # exact, for haze, fog and rain
    dict(type='LoadMask'),
    dict(type='RandomCrop', crop_size=(160, 160), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade'),
    dict(type='PackDegradeInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadDepth'),  # exact, for haze, fog and rain
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='StreetScenesDataset',
        data_root=data_root,
        split='train',
        num_images=400,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='StreetScenesDataset',
        data_root=data_root,
        split='val',
        num_images=40,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='StreetScenesDataset',
        data_root=data_root,
        split='test',
        num_images=100,
        pipeline=test_pipeline,
    ),
)
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
