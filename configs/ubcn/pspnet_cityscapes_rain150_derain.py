# IDM alone, trained against clean images: the restorer of pspnet_cityscapes_rain150_idm.py.
_base_ = [
    '../_base_/datasets/cityscapes_ubcn.py',
    '../_base_/schedules/ubcn_cityscapes.py',
    '../_base_/default_runtime.py',
]
model = dict(
    type='RestorationModel',
    restorer=dict(type='ImageDerainModule', with_cp=True),
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
train_dataloader = {{_base_.patches}}
val_evaluator = dict(_delete_=True, type='RestorationMetric')
test_evaluator = val_evaluator
