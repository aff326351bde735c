# UBCN on VOC: ubcn_cityscapes.py, with epochs of 8,498 images.
_base_ = './ubcn_cityscapes.py'
epoch = 8498 // 24
max_iters = 100 * epoch
param_scheduler = [
    dict(
        type='MultiStepLR',
        milestones=[30 * epoch, 60 * epoch, 90 * epoch],
        gamma=0.2,
        by_epoch=False,
    )
]
train_cfg = dict(max_iters=max_iters, val_interval=10 * epoch)
derain_stage = dict(iters=max_iters)
attentive_stage = dict(iters=max_iters)
adapt_stage = dict(
    iters=max_iters,
    param_scheduler=[dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)],
)
whole_stage = dict(
    iters=50 * (8498 // 12),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=50 * (8498 // 12), by_epoch=False)],
)
