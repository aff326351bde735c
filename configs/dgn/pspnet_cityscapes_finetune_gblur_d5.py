# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/pspnet_r101.py',
    '../_base_/datasets/cityscapes.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/pspnet_cityscapes_clean/iter_80000.pth'
optim_wrapper = dict(optimizer=dict(lr=1e-4))
custom_hooks = [dict(type='NormEvalHook')]
