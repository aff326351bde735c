# Baseline, ratio of learning rates 0.01: the blocks that DGN matches learn 0.01 times as fast.
_base_ = './cgnet_camvid_finetune_gblur_d5.py'
optim_wrapper = dict(
    constructor='StrictOptimWrapperConstructor',
    paramwise_cfg=dict(custom_keys={'backbone.level2.': dict(lr_mult=0.01)}),
)
