# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/dla34.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/dla34_camvid_clean/iter_28000.pth'
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
custom_hooks = [dict(type='NormEvalHook')]
