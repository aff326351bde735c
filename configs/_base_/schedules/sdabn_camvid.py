# SDABN on CamVid at a length for a CPU, one stage of each kind: S as the adaptations of configs/dgn
# (SGD 1e-3, poly 0.9, clipped gradients), D as published (Adam), 600 and 1,200 iterations. For
# others change iters and the end of the schedule: train_cfg.stages.1.iters=9000
# train_cfg.stages.1.param_scheduler.0.end=9000.
_base_ = './sgd_poly_1500.py'
max_iters = 600
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
segmentor_stage = dict(iters=max_iters)
denoiser_stage = dict(
    iters=1200,
    optim_wrapper=dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4)
    ),
    param_scheduler=[
        dict(type='PolyLR', eta_min=1e-4, power=1.5, begin=0, end=1200, by_epoch=False)
    ],
)
