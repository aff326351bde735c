# Rain100H and Rain100L (data_root='data/rain100L'): pairs without masks, rain-1.png in rain/ and
# norain-1.png in norain/, below train/ and test/.
data_root = 'data/rain100H'
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadCleanImage'),
    dict(type='StackPair'),
    dict(type='RandomCrop', crop_size=(128, 128)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='SplitPair'),
    dict(type='PackDegradeInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadCleanImage'),
    dict(type='PackDegradeInputs'),
]
train_dataloader = dict(
    batch_size=24,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(
        type='PairedImageDataset',
        data_root=data_root,
        data_prefix=dict(img_path='train/rain', clean_path='train/norain'),
        rename=('^rain-', 'norain-'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairedImageDataset',
        data_root=data_root,
        data_prefix=dict(img_path='test/rain', clean_path='test/norain'),
        rename=('^rain-', 'norain-'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='RestorationMetric')
test_evaluator = val_evaluator
