# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/dla34.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/dla34_cityscapes_clean/iter_80000.pth'
model = dict(decode_head=dict(num_classes=19))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
custom_hooks = [dict(type='NormEvalHook')]
