# DDFN×2: D2 sees the noisy image plus what D1 made.
_base_ = './cgnet_camvid_awgn50_ddfn1.py'
model = dict(num=2)
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(_base_.denoiser_stage, name='D2', train=['D2']),
    ]
)
