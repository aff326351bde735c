# Joint: S1D1S2 trained end to end, on the cross-entropy of S2 alone. The paper names neither rate
# nor length; ours: each part by its own kind of optimiser, as long as one S stage, by poly 0.9.
_base_ = './hrnet18s_cityscapes_awgn50_s1d1s2.py'
train_cfg = dict(
    stages=[
        dict(
            _base_.segmentor_stage,
            name='joint',
            train=['S1', 'D1', 'S2'],
            optim_wrapper=dict(
                S1=_base_.optim_wrapper,
                D1=_base_.denoiser_stage.optim_wrapper,
                S2=_base_.optim_wrapper,
            ),
        )
    ]
)
