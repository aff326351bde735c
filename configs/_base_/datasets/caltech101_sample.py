# A sample of Caltech-101 in folders, one a class, train/ and val/; at a size for a CPU. Noise as
# caltech256.py says. Tests are on val/, for want of more images.
_base_ = './caltech256.py'
data_root = 'data/caltech101_sample'
size = 96
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='RandomResizedCrop', scale=size, crop_ratio_range=(0.35, 1.0), backend='cv2'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    _base_.mixed_noise,
    _base_.pack,
]
clean_pipeline = [*train_pipeline[:3], dict(type='PackInputs')]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='ResizeEdge', scale=108, edge='short', backend='cv2'),
    dict(type='CenterCrop', crop_size=size),
    dict(type='Degrade', keep_clean=True),
    _base_.pack,
]
patches = dict(batch_size=16)
source = dict(data_root=data_root, ann_file='')  # no list: folders name the classes
held_out = dict(source, data_prefix='val', pipeline=test_pipeline)
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    dataset=dict(source, data_prefix='train', pipeline=train_pipeline),
)
val_dataloader = dict(batch_size=16, num_workers=1, dataset=held_out)
test_dataloader = dict(batch_size=16, num_workers=1, dataset=held_out)
val_evaluator = dict(topk=(1,))
test_evaluator = val_evaluator
