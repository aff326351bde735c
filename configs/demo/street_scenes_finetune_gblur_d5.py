# Baseline: plain fine-tuning on blurred images, BN statistics frozen. The hook only measures.
_base_ = './street_scenes_clean.py'
degradation = dict(kind='gblur', degree=5)
load_from = 'work_dirs/street_scenes_clean/iter_1000.pth'
max_iters = 300
taps = dict(layer3=['backbone.layer3.*'], layer4=['backbone.layer4.*'])
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
custom_hooks = [
    dict(type='NormEvalHook'),
    dict(type='GramGapHook', clean_checkpoint=load_from, taps=taps),
]
