# Baseline: plain fine-tuning on degraded images, BN statistics frozen; CGNet's schedule and data.
_base_ = [
    '../_base_/models/fpn_r18_slim.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/sgd_poly_1500.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/fpn_camvid_clean/iter_3000.pth'
custom_hooks = [dict(type='NormEvalHook')]
