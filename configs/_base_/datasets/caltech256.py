# Caltech-256: of each of 257 classes 60 images for training, 20 % of these for validation, the rest
# for testing (tools/prepare_dataset.py caltech256 draws the lists). Noise on [0, 1], clipped: for
# training of a level drawn from 0, 0.1, …, 0.5, in tests of every level and varying over the image.
data_root = 'data/caltech256'
degradation = dict(kind='awgn', degree=3, preset='fidelity')
mixed_noise = dict(
    type='RandomDegrade',
    choices=[dict(kind='awgn', degree=[1, 2, 3, 4, 5], preset='fidelity')],
    prob=5 / 6,
    keep_clean=True,
)
pack = dict(type='PackInputs', algorithm_keys=('clean_img',))
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='RandomResizedCrop', scale=224, backend='cv2'),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    mixed_noise,
    pack,
]
clean_pipeline = [*train_pipeline[:3], dict(type='PackInputs')]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='ResizeEdge', scale=256, edge='short', backend='cv2'),
    dict(type='CenterCrop', crop_size=224),
    dict(type='Degrade', keep_clean=True),
    pack,
]
# Restorer and estimator are trained on patches of 50 pixels.
patches = dict(
    batch_size=128,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='RandomCrop', crop_size=50, pad_if_needed=True, padding_mode='reflect'),
            dict(type='RandomFlip', prob=0.5, direction='horizontal'),
            mixed_noise,
            pack,
        ]
    ),
)
source = dict(type='CustomDataset', data_root=data_root, data_prefix='256_ObjectCategories')
train_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='KeyedSampler'),
    dataset=dict(source, ann_file='train.txt', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=64,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(source, ann_file='val.txt', pipeline=test_pipeline),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(source, ann_file='test.txt', pipeline=test_pipeline),
)
val_evaluator = dict(type='Accuracy', topk=(1, 5))
test_evaluator = val_evaluator
cells = [
    dict(kind='clean'),
    *[dict(kind='awgn', degree=degree, preset='fidelity') for degree in (1, 2, 3, 4, 5)],
    dict(kind='awgn_1d', degree=1, preset='fidelity'),
    dict(kind='awgn_2d', degree=1, preset='fidelity'),
]
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='DegradationTestLoop', cells=cells)
