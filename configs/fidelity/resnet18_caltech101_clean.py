# Setup 1 on the Caltech-101 sample: a slim ResNet-18 on clean images, from scratch, which takes
# more and larger steps than what starts from it.
_base_ = [
    '../_base_/models/resnet18_slim_caltech101.py',
    '../_base_/datasets/caltech101_sample.py',
    '../_base_/schedules/fidelity_caltech101_sample.py',
    '../_base_/classification_runtime.py',
]
max_iters = 3000
train_dataloader = dict(dataset=dict(pipeline=_base_.clean_pipeline))
optim_wrapper = dict(optimizer=dict(lr=5e-2))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(type='CosineAnnealingLR', begin=60, end=max_iters, by_epoch=False),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
