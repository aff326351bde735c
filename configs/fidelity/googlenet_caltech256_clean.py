# Setup 1: GoogLeNet on clean images. Tested on noisy ones: test.py of this config, without more.
_base_ = [
    '../_base_/models/googlenet_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
train_dataloader = dict(dataset=dict(pipeline=_base_.clean_pipeline))
