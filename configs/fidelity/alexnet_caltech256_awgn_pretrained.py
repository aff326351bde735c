# Fidelity calibration of the clean AlexNet, the map estimated by a fixed network.
_base_ = './alexnet_caltech256_awgn_retrained_noisy.py'
model = dict(
    _delete_=True,
    type='FidelityClassifier',
    classifier=_base_.model.classifier,
    restorer=dict(type='DnCNN'),
    estimator=dict(type='DnCNN'),
    setting='pretrained',
    clean_checkpoint='work_dirs/alexnet_caltech256_clean/iter_9650.pth',
    restorer_checkpoint='work_dirs/dncnn_caltech256_awgn/stage_1_restorer.pth',
    estimator_checkpoint='work_dirs/dncnn_caltech256_awgn/stage_2_estimator.pth',
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[dict(_base_.calibration_stage, name='calibration', train=['spatial', 'channel'])],
)
