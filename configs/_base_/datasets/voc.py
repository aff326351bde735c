# PASCAL VOC 2012, its own lists (1,464 train, 1,449 val). Batch 1, whole images and no other
# augmentation than flipping, since the DGN paper names none; masks mark borders with 255.
data_root = 'data/VOCdevkit/VOC2012'
degradation = dict(kind='clean')  # stands for every Degrade() below
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadMask'),
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
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='PascalVOCDataset',
        data_root=data_root,
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/train.txt',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PascalVOCDataset',
        data_root=data_root,
        data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
        ann_file='ImageSets/Segmentation/val.txt',
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
test_evaluator = val_evaluator
