# SDB×2 (S1D1S2D2): S1D1S2, then a second denoiser, from scratch.
_base_ = './hrnet18s_outdoorseg_awgn50_s1d1s2.py'
model = dict(last='D')
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(_base_.denoiser_stage, name='D2', train=['D2'], dataloader=_base_.patches),
    ]
)
