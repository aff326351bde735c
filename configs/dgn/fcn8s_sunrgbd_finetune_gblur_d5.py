# Baseline: plain fine-tuning on degraded images at a tenth of the clean rate, as published.
_base_ = './fcn8s_sunrgbd_clean.py'
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/fcn8s_sunrgbd_clean/iter_140000.pth'
model = dict(backbone=dict(init_cfg=None))
optim_wrapper = dict(optimizer=dict(lr=2e-5))
