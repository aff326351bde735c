# SDABN on StreetScenes in minutes on a CPU, one stage of each kind: S as the adaptations of
# configs/demo (AdamW 1e-3, poly 0.9) for 200 iterations, D as published (Adam) for 300.
_base_ = './adamw_poly_1000.py'
max_iters = 200
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [dict(type='PolyLR', power=0.9, end=max_iters, by_epoch=False)]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
segmentor_stage = dict(iters=max_iters)
denoiser_stage = dict(
    iters=300,
    optim_wrapper=dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4)
    ),
    param_scheduler=[
        dict(type='PolyLR', eta_min=1e-4, power=1.5, begin=0, end=300, by_epoch=False)
    ],
)
