# Baseline EWC: weights that mattered on clean images are held, lambda 400 as published.
# First: python tools/estimate_fisher.py configs/dgn/cgnet_camvid_clean.py \
#     work_dirs/cgnet_camvid_clean/iter_1500.pth work_dirs/cgnet_camvid_clean/fisher.pth
_base_ = './cgnet_camvid_finetune_gblur_d5.py'
custom_hooks = [
    dict(type='NormEvalHook'),
    dict(type='EWCHook', fisher='work_dirs/cgnet_camvid_clean/fisher.pth', weight=400),
]
