# D2SM at a length for a CPU: Adam, halved at the places of the published schedule (every fifth).
max_iters = 1000
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='MultiStepLR', milestones=[200, 400, 600, 800], gamma=0.5, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
