# Fidelity calibration of a small network, at a length for a CPU: rates ten times those of
# fidelity_caltech256.py, for few steps.
max_iters = 600
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2, momentum=0.9, nesterov=True)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, begin=0, end=60, by_epoch=False),
    dict(type='CosineAnnealingLR', begin=60, end=max_iters, by_epoch=False),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
# The estimator of end-to-end, trained already, goes on at a tenth of the rate; at all of it the
# loss was not finite after 70 steps.
calibration_stage = dict(
    iters=max_iters,
    val_interval=None,
    optim_wrapper=dict(
        optim_wrapper, paramwise_cfg=dict(custom_keys=dict(estimator=dict(lr_mult=0.1)))
    ),
)
ensemble_stage = dict(
    iters=max_iters // 2,
    val_interval=None,
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.02, begin=0, end=30, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=30, end=max_iters // 2, by_epoch=False),
    ],
)
network_stage = dict(
    iters=600,
    val_interval=None,
    optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=600, by_epoch=False)],
)
