# DGN's schedule: SGD 0.9, weight decay 1e-4, poly 0.9, 140,000 iterations of batch 1.
max_iters = 140000
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1.9e-4, momentum=0.9, weight_decay=1e-4),
)
param_scheduler = [
    dict(type='PolyLR', eta_min=0, power=0.9, begin=0, end=max_iters, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=10000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
