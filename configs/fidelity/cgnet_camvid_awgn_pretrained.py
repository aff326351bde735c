# Fidelity calibration of the clean CGNet, the map estimated: restorer → estimator → calibration →
# ensemble, in one run. Without ensemble: test.py … --cfg-options model.ensemble=False.
_base_ = [
    '../_base_/models/cgnet.py',
    '../_base_/datasets/camvid_fidelity.py',
    '../_base_/schedules/fidelity_camvid.py',
    '../_base_/default_runtime.py',
]
restorer = dict(type='DnCNN', depth=8, width=24)
model = dict(
    _delete_=True,
    type='FidelitySegmentor',
    segmentor=_base_.model,
    restorer=restorer,
    estimator=restorer,
    setting='pretrained',
    ensemble=True,
    clean_checkpoint='work_dirs/cgnet_camvid_clean/iter_1500.pth',
)
ensemble = dict(_base_.ensemble_stage, name='ensemble', train=['ensemble'])
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.network_stage, name='restorer', train=['restorer'], dataloader=_base_.patches),
        dict(
            _base_.network_stage, name='estimator', train=['estimator'], dataloader=_base_.patches
        ),
        dict(_base_.calibration_stage, name='calibration', train=['spatial', 'head']),
        ensemble,
    ],
)
val_evaluator = _base_.restoring_evaluator
test_evaluator = val_evaluator
