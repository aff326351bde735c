# SUN RGB-D, 37 classes, 5,285 images for training and 5,050 for testing, with depth in metres.
# Batch 1, whole images and no other augmentation than flipping, since the DGN paper names none.
data_root = 'data/sunrgbd'
degradation = dict(kind='clean')  # stands for every Degrade() below
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadDepth', format='sunrgbd'),  # for haze and fog
    dict(type='LoadMask'),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Degrade'),
    dict(type='PackDegradeInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadDepth', format='sunrgbd'),  # for haze and fog
    dict(type='Degrade'),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='SUNRGBDDataset', data_root=data_root, ann_file='train.txt', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='SUNRGBDDataset', data_root=data_root, ann_file='test.txt', pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
