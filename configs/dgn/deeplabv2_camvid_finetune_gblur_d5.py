# Baseline: plain fine-tuning on degraded images at the published rate, BN statistics frozen.
_base_ = [
    '../_base_/models/deeplabv2_r101.py',
    '../_base_/datasets/camvid.py',
    '../_base_/schedules/sgd_poly_140k.py',
    '../_base_/default_runtime.py',
]
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/deeplabv2_camvid_clean/iter_140000.pth'
model = dict(decode_head=dict(num_classes=11))
train_dataloader = dict(batch_size=1)
optim_wrapper = dict(optimizer=dict(lr=1e-5))
custom_hooks = [dict(type='NormEvalHook')]
