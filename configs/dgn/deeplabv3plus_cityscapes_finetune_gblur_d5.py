# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/deeplabv3plus_r101.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/deeplabv3plus_cityscapes_clean/iter_80000.pth'
model = dict(decode_head=dict(num_classes=19), auxiliary_head=dict(num_classes=19))
optim_wrapper = dict(optimizer=dict(lr=7e-5))
custom_hooks = [dict(type='NormEvalHook')]
