# SDABN on Cityscapes, one stage of each kind. Iterations are the authors': epochs × whole batches.
# S: 484 × floor(2975 / 40); SGD 0.9, lr 3e-2, poly 0.9.
# D: 2000 × floor(2975 / 64); Adam, (1e-3 − 1e-4) (1 − t/T)^1.5 + 1e-4.
max_iters = 484 * 74
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=3e-2, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [
    dict(type='PolyLR', eta_min=0, power=0.9, begin=0, end=max_iters, by_epoch=False)
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=3700)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
segmentor_stage = dict(iters=max_iters, val_interval=3700)
denoiser_stage = dict(
    iters=2000 * 46,
    optim_wrapper=dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4)
    ),
    param_scheduler=[
        dict(type='PolyLR', eta_min=1e-4, power=1.5, begin=0, end=2000 * 46, by_epoch=False)
    ],
    val_interval=9200,
)
