# GtD1+S, the bound with true labels: D1 is told them, S2 is trained on what it makes, and both get
# them in the test, too. S1 is there and not used.
_base_ = './cgnet_camvid_awgn50_s1d1s2.py'
model = dict(condition='onehot-gt')
train_cfg = dict(
    stages=[
        dict(_base_.denoiser_stage, name='D1', train=['D1'], dataloader=_base_.patches),
        dict(_base_.segmentor_stage, name='S2', train=['S2']),
    ]
)
