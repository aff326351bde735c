# SDABN on OutdoorSeg, one stage of each kind. Iterations are the authors': epochs × whole batches.
# S: 300 × floor(8800 / 48). D: 2500 × floor(8800 / 64). Rates as on Cityscapes.
_base_ = './sdabn_cityscapes.py'
max_iters = 300 * 183
param_scheduler = [
    dict(type='PolyLR', eta_min=0, power=0.9, begin=0, end=max_iters, by_epoch=False)
]
train_cfg = dict(max_iters=max_iters, val_interval=5490)
segmentor_stage = dict(iters=max_iters, val_interval=5490)
denoiser_stage = dict(
    iters=2500 * 137,
    param_scheduler=[
        dict(type='PolyLR', eta_min=1e-4, power=1.5, begin=0, end=2500 * 137, by_epoch=False)
    ],
    val_interval=34250,
)
