# Baseline: plain fine-tuning on degraded images, BN statistics frozen.
_base_ = './cgnet_camvid_clean.py'
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/cgnet_camvid_clean/iter_1500.pth'
custom_hooks = [dict(type='NormEvalHook')]
