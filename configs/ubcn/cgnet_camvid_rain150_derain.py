# IDM alone, trained against clean images: the restorer of cgnet_camvid_rain150_idm.py.
_base_ = [
    '../_base_/datasets/camvid_ubcn.py',
    '../_base_/schedules/ubcn_camvid.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='RestorationModel',
    restorer=dict(type='ImageDerainModule', num_blocks=11, residual=True),
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
train_dataloader = {{_base_.patches}}
val_evaluator = dict(_delete_=True, type='RestorationMetric')
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=100))
