# SDB×3 (S1D1S2D2S3D3): SDB×2, then a third of each.
_base_ = './street_scenes_awgn50_sdb2.py'
model = dict(num_blocks=3)
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(_base_.segmentor_stage, name='S3', train=['S3'], init_from=dict(S3='S2')),
        dict(_base_.denoiser_stage, name='D3', train=['D3'], dataloader=_base_.patches),
    ]
)
