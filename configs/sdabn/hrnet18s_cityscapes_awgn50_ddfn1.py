# DDFN×1: the denoiser alone, told nothing.
_base_ = './hrnet18s_cityscapes_awgn50_s1.py'
load_from = None
model = dict(
    _delete_=True,
    type='CascadeRestorationModel',
    restorer=dict(type='DDFN'),
    num=1,
    losses=dict(mse=dict(type='RestorationMSELoss', reduction='half_sum', border=1)),
)
train_dataloader = _base_.patches
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[dict(_base_.denoiser_stage, name='D1', train=['D1'])],
)
val_evaluator = dict(_delete_=True, type='RestorationMetric', protocol='sdabn')
test_evaluator = val_evaluator
