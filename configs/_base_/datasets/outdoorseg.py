# OutdoorSeg, 8 classes, 8,800 photographs for training and 1,100 for testing, of many sizes.
# Training as in SDABN's code: squares of 960 pixels times 0.5, 0.6, … 1.1 (the sides of an image
# are not kept in proportion), crops of 480, any of the eight flips and rotations by 90 degrees.
# Ours: one resizing instead of two.
data_root = 'data/outdoorseg'
degradation = dict(kind='clean')  # stands for every Degrade() below
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(
        type='RandomChoiceResize',
        scales=[(side, side) for side in range(480, 1057, 96)],
        keep_ratio=False,
    ),
    dict(type='RandomCrop', crop_size=(480, 480)),
    dict(type='RandomRotFlip', rotate_prob=0, flip_prob=1),  # rotated by 90° and flipped once;
    dict(type='RandomFlip', prob=0.5),  # with this one, each of the eight is as likely
    dict(type='Degrade'),
    dict(type='PackDegradeInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(
    batch_size=48,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='OutdoorSegDataset',
        data_root=data_root,
        folder='train8800',
        ann_file='train.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='OutdoorSegDataset',
        data_root=data_root,
        folder='valid1100',
        ann_file='test.txt',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
