# Restorer and estimator for all networks on Caltech-256, stage_1_restorer.pth and
# stage_2_estimator.pth. The classifier only makes the model complete; neither depends on it.
_base_ = [
    '../_base_/models/resnet50_caltech256.py',
    '../_base_/datasets/caltech256.py',
    '../_base_/schedules/fidelity_caltech256.py',
    '../_base_/classification_runtime.py',
]
model = dict(
    _delete_=True,
    type='FidelityClassifier',
    classifier=_base_.model,
    restorer=dict(type='DnCNN'),
    estimator=dict(type='DnCNN'),
    setting='pretrained',
    clean_checkpoint=None,
)
train_cfg = dict(
    _delete_=True,
    type='StagedTrainLoop',
    stages=[
        dict(_base_.network_stage, name='restorer', train=['restorer']),
        dict(_base_.network_stage, name='estimator', train=['estimator']),
    ],
)
train_dataloader = _base_.patches
