# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/voc.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/deeplabv2_voc_clean/iter_140000.pth'
optim_wrapper = dict(optimizer=dict(lr=1e-5))
custom_hooks = [dict(type='NormEvalHook')]
