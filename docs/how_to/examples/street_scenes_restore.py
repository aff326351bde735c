# The restorer on its own, trained against clean images in noise of σ 50.
_base_ = [
    '../../../configs/_base_/datasets/street_scenes_sdabn.py',
    '../../../configs/_base_/default_runtime.py',
]
custom_imports = dict(imports=['mmdegrade', 'shallow_restorer'])
model = dict(
    type='RestorationModel',
    restorer=dict(type='ShallowRestorer', width=16),
    losses=dict(l1=dict(type='RestorationL1Loss')),
)
train_dataloader = {{_base_.patches}}  # pipelines with Degrade(keep_clean=True)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300, val_interval=300)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
val_evaluator = dict(_delete_=True, type='RestorationMetric')
test_evaluator = val_evaluator
