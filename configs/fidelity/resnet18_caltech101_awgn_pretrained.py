# Fidelity calibration on the Caltech-101 sample, all stages in one run: restorer → estimator →
# calibration → ensemble. Without ensemble: test.py … --cfg-options model.ensemble=False.
_base_ = './resnet18_caltech101_awgn_retrained_noisy.py'
load_from = None
restorer = dict(type='DnCNN', depth=8, width=24)
model = dict(
    _delete_=True,
    type='FidelityClassifier',
    classifier=_base_.model,
    restorer=restorer,
    estimator=restorer,
    setting='pretrained',
    ensemble=True,
    clean_checkpoint='work_dirs/resnet18_caltech101_clean/iter_3000.pth',
)
network_stage = dict(_base_.network_stage, dataloader=_base_.patches)
ensemble = dict(_base_.ensemble_stage, name='ensemble', train=['ensemble'])
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(network_stage, name='restorer', train=['restorer']),
        dict(network_stage, name='estimator', train=['estimator']),
        dict(_base_.calibration_stage, name='calibration', train=['spatial', 'channel']),
        ensemble,
    ],
)
