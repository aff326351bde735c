# S1D1S2: SDB×1, then a segmentor on what D1 made, which starts as S1 ended.
_base_ = './cgnet_camvid_awgn50_sdb1.py'
model = dict(num_blocks=2, last='S')
train_cfg = dict(
    stages=[
        *_base_.train_cfg.stages,
        dict(_base_.segmentor_stage, name='S2', train=['S2'], init_from=dict(S2='S1')),
    ]
)
