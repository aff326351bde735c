# Fidelity calibration on CamVid at a length for a CPU. Optimisers as published (Adam for restorer
# and estimator; Nesterov SGD, warm-up by step and cosine for the calibration, whose ensemble is
# trained half as long), at ten times their rates, for few steps. No validation after a stage: it
# would take as long as the stage.
max_iters = 600
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=10),  # as every training of CGNet here
)
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
network_stage = dict(
    iters=3000,
    val_interval=None,
    optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
    param_scheduler=[dict(type='PolyLR', power=0.9, end=3000, by_epoch=False)],
)
calibration_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=1e-2, momentum=0.9, nesterov=True),
    clip_grad=dict(max_norm=10),
    # The estimator of end-to-end, trained already, goes on at a tenth of the rate.
    paramwise_cfg=dict(custom_keys=dict(estimator=dict(lr_mult=0.1))),
)
calibration_stage = dict(
    iters=400,
    val_interval=None,
    optim_wrapper=calibration_wrapper,
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.02, begin=0, end=40, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=40, end=400, by_epoch=False),
    ],
)
ensemble_stage = dict(
    iters=200,
    val_interval=None,
    optim_wrapper=calibration_wrapper,
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.02, begin=0, end=20, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=20, end=200, by_epoch=False),
    ],
)
