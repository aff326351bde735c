# ImgD1S2: the denoiser is told the noisy image instead of its segmentation. S1 is there, not used.
_base_ = './hrnet18s_cityscapes_awgn50_s1d1s2.py'
model = dict(condition='image', denoiser=dict(condition_channels=3))
train_cfg = dict(
    stages=[
        dict(_base_.denoiser_stage, name='D1', train=['D1'], dataloader=_base_.patches),
        dict(_base_.segmentor_stage, name='S2', train=['S2']),
    ]
)
