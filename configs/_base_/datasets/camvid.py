# CamVid, SegNet layout, 367/101/233 images of 480x360. Blur is measured in pixels of the original
# image: training crops and flips at that scale, then degrades.
data_root = 'data/camvid'
degradation = dict(kind='clean')  # stands for every Degrade() below
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
    dict(type='RandomCrop', crop_size=(288, 288), cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
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
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='CamVidDataset', data_root=data_root, ann_file='train.txt', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CamVidDataset', data_root=data_root, ann_file='val.txt', pipeline=test_pipeline
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CamVidDataset', data_root=data_root, ann_file='test.txt', pipeline=test_pipeline
    ),
)
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
