# Setup 1 on the Caltech-101 sample: a slim ResNet-18 on clean images, from scratch.
_base_ = [
    '../_base_/models/resnet18_slim_caltech101.py',
    '../_base_/datasets/caltech101_sample.py',
    '../_base_/schedules/fidelity_caltech101_sample.py',
    '../_base_/classification_runtime.py',
]
train_dataloader = dict(dataset=dict(pipeline=_base_.clean_pipeline))
