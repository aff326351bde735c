# Fidelity calibration as published: Nesterov SGD of 1e-3, batches of 64, 50 epochs of 193
# iterations, of which 5 warm up by step, then cosine; the ensemble half as long. Restorer and
# estimator: Adam of 1e-4, batches of 128 patches (their number of steps is not published).
epoch = 193
max_iters = 50 * epoch
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, nesterov=True)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, begin=0, end=5 * epoch, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=5 * epoch, end=max_iters, by_epoch=False),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=5 * epoch)
calibration_stage = dict(iters=max_iters, val_interval=5 * epoch)
ensemble_stage = dict(
    iters=max_iters // 2,
    val_interval=5 * epoch,
    param_scheduler=[
        dict(type='LinearLR', start_factor=1e-3, begin=0, end=5 * epoch, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=5 * epoch, end=max_iters // 2, by_epoch=False),
    ],
)
network_stage = dict(
    iters=100_000,
    val_interval=None,
    optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
    param_scheduler=[],
)
