# DDFN×3: D3 sees the noisy image plus what D2 made.
_base_ = './hrnet18s_cityscapes_awgn50_ddfn2.py'
model = dict(num=3)
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(_base_.denoiser_stage, name='D3', train=['D3']),
    ]
)
