# D2SM on Cityscapes: Adam 1e-4 for 400 epochs of 2975 images in batches of 8, halved after 80, 160,
# 240 and 320 epochs (and after the last).
max_iters = 148750
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
param_scheduler = [
    dict(type='MultiStepLR', milestones=[29750, 59500, 89250, 119000], gamma=0.5, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=29750)
val_cfg = dict(type='ValLoop')
